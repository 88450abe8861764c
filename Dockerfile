# syntax=docker/dockerfile:1

FROM rust:1.95-bookworm AS build
# The image carries Debian's libpq as it is at build time.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin farol \
    && install -D target/release/farol /out/farol

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/farol --create-home farol
COPY --from=build /out/farol /usr/local/bin/farol

LABEL org.opencontainers.image.title="Farol" \
    org.opencontainers.image.description="Headless status-page and incident-communication service" \
    org.opencontainers.image.licenses="MIT"

# The image brings no Postgres server: DATABASE_URL and FAROL_SECRET_KEY are required.
ENV FAROL_LISTEN=0.0.0.0:8080 \
    FAROL_DATA_DIR=/var/lib/farol \
    FAROL_LOG_FORMAT=json
WORKDIR /var/lib/farol
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["farol", "healthcheck"]
ENTRYPOINT ["farol"]
CMD ["serve"]
