#!/bin/sh
# Makes a backup of everybody's chats now and then every day at CHATTUI_BACKUP_AT (UTC), and keeps the newest of each of the last
# CHATTUI_KEEP_DAILY days and CHATTUI_KEEP_WEEKLY weeks. With CHATTUI_BACKUP_RECIPIENT (age1… or ssh-…) it is encrypted for that key.
#
#   run.sh          for ever; what fails is tried again, after 15 seconds, 30, 60, … and a quarter of an hour at most
#   run.sh once     one backup; the exit code tells whether it is good
set -eu
directory=${CHATTUI_BACKUP_DIRECTORY:-/backups}
at=${CHATTUI_BACKUP_AT:-03:30}

backup() {
  set -- db backup --all-owners --to "$directory/" --keep-daily "${CHATTUI_KEEP_DAILY:-7}" --keep-weekly "${CHATTUI_KEEP_WEEKLY:-4}"
  if [ -n "${CHATTUI_BACKUP_RECIPIENT:-}" ]; then set -- "$@" --recipient "$CHATTUI_BACKUP_RECIPIENT"; fi
  chattui-entrypoint "$@" && return
  echo "The backup failed; the older ones are kept. The lines above say why." >&2
  return 1
}

if [ "${1:-}" = once ]; then
  backup
  exit
fi
trap 'exit 0' INT TERM
again=15
while :; do
  if backup; then
    again=15
    now=$(date -u +%s)
    next=$(date -u -d "$(date -u +%F) $at" +%s)
    [ "$next" -gt "$now" ] || next=$((next + 86400))
    pause=$((next - now))
  else
    pause=$again
    again=$((again * 2 < 900 ? again * 2 : 900))
  fi
  sleep $pause &
  wait $!
done
