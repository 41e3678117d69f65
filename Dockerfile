# The product without the embedded database. docker-compose.yml starts it with all it needs.
FROM python:3.13-slim-trixie

ARG POSTGRES_MAJOR=18

# pg_dump, pg_restore and psql for `manage.py backup` and `restore`: they must not be older than the
# server, and Debian's own are. This is PostgreSQL's repository, set up by Debian's own script.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends "postgresql-client-${POSTGRES_MAJOR}" \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin nps \
    && install --directory --owner nps --group nps /data

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY manage.py Procfile ./
COPY npsapp npsapp
COPY surveys surveys
COPY responses responses
COPY closeloop closeloop
COPY templates templates
COPY static static
COPY locale locale

# The static files belong to the code: in the volume they would outlive it.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BIND_ADDRESS=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/collected-static

# DATA_DIR elsewhere: the keys made for these two commands must not stay in the image.
RUN DATA_DIR=/tmp/build python manage.py messages --compile \
    && DATA_DIR=/tmp/build python manage.py collectstatic --no-input \
    && rm -rf /tmp/build

USER nps
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "python:npsapp.gunicorn", "npsapp.wsgi"]
