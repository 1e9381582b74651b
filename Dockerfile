# Footnote with its models inside, for a CPU. To build: docker build -t footnote .
# The base image and every package are pinned; see constraints.txt for the packages.
FROM python:3.11.14-slim-bookworm AS build

# Where torch's CPU build is. Its version is in constraints.txt; a build there ranks before PyPI's, which has CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

RUN python3 -m venv /opt/footnote
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY index index
# With that date, bytecode is compared with its source by hash: times are rounded as layers are packed, and what
# seems older than its source would be compiled anew in each process, those that read sources too.
RUN SOURCE_DATE_EPOCH=315532800 /opt/footnote/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --extra-index-url "$TORCH_INDEX" --constraint constraints.txt ".[postgresql,storage]"

FROM python:3.11.14-slim-bookworm

RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin footnote \
    && install --directory --owner footnote --group footnote /data
COPY --from=build /opt/footnote /opt/footnote

ENV PATH=/opt/footnote/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/data/models \
    ORT_DISABLE_TELEMETRY=1 \
    FOOTNOTE_DATA_DIR=/data/footnote \
    FOOTNOTE_LOG_FORMAT=json \
    FOOTNOTE_STATUS_PORT=9464

# The folder above the data folder is the volume: `footnote restore` renames within it.
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 9464
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]

ENTRYPOINT ["footnote"]
CMD ["run"]
