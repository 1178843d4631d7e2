#!/bin/sh
# Makes a backup now and then every day at CHATTUI_BACKUP_AT (UTC), and keeps of the older ones the last of each of the last
# CHATTUI_KEEP_DAILY days and CHATTUI_KEEP_WEEKLY weeks (Monday to Sunday).
#
#   run.sh          for ever
#   run.sh once     one backup; the exit code tells whether it is good
#
# A backup gets its name when all of it is on the disk and pg_restore could read its contents; what is older goes only then.
set -eu
directory=${CHATTUI_BACKUP_DIRECTORY:-/backups}
at=${CHATTUI_BACKUP_AT:-03:30}
daily=${CHATTUI_KEEP_DAILY:-7}
weekly=${CHATTUI_KEEP_WEEKLY:-4}

say() { echo "$(date -u +%FT%TZ) $1"; }

backup() {
  name=$directory/chattui-$(date -u +%Y%m%dT%H%M%SZ).dump
  rm -f "$directory"/.chattui-*.part
  part=$directory/.${name##*/}.part
  if pg_dump --format=custom --file="$part" && [ -n "$(pg_restore --list "$part" | grep 'TABLE DATA chattui messages')" ] && sync "$part"; then
    mv "$part" "$name"
    say "wrote $name, $(stat -c %s "$name") bytes"
    prune
  else
    rm -f "$part"
    say "The backup failed; the older ones are kept. The lines above say why." >&2
    return 1
  fi
}

# The newest backup of each of the last days and weeks that have one stays.
prune() {
  days='' weeks='' day_count=0 week_count=0
  for file in $(ls -r "$directory" | grep -E '^chattui-[0-9]{8}T[0-9]{6}Z\.dump$'); do
    day=${file#chattui-}
    day=${day%%T*}
    week=$(date -u -d "$day" +%G-%V)
    keep=no
    case " $days " in *" $day "*) ;; *) if [ $day_count -lt "$daily" ]; then day_count=$((day_count + 1)) days="$days $day" keep=yes; fi ;; esac
    case " $weeks " in *" $week "*) ;; *) if [ $week_count -lt "$weekly" ]; then week_count=$((week_count + 1)) weeks="$weeks $week" keep=yes; fi ;; esac
    if [ $keep = no ]; then
      rm -f "$directory/$file"
      say "removed $directory/$file"
    fi
  done
}

export PGPASSFILE=/dev/null
if [ -n "${PGPASSWORD_FILE:-}" ]; then
  PGPASSWORD=$(cat "$PGPASSWORD_FILE")
  export PGPASSWORD
fi
if [ "${1:-}" = once ]; then
  backup
  exit
fi
trap 'exit 0' INT TERM
while :; do
  backup || true
  now=$(date -u +%s)
  next=$(date -u -d "$(date -u +%F) $at" +%s)
  [ "$next" -gt "$now" ] || next=$((next + 86400))
  sleep $((next - now)) &
  wait $!
done
