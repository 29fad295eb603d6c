# One image per bounded context: docker build --target accounts .   (or --target orders)
# They differ only in the module that the process serves. scripts/docker-build-push.sh builds both.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Mounts the settings of a private registry for this step only: --secret id=npmrc,src=.npmrc
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
ARG REVISION=unknown
RUN COMMIT=${REVISION} npm run --silent build && rm dist/.tsbuildinfo dist/.digests.json && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE} AS runtime
# The process needs only node. Package managers would need updates and could be misused.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
# The old generation gets 60 % of the container's memory. The young one (3 x 32 MB), buffers and code need the rest.
ENV NODE_ENV=production NODE_OPTIONS=--max-old-space-size-percentage=60 HOST=0.0.0.0 PORT=8080 MANAGEMENT_PORT=8081
EXPOSE 8080 8081
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.MANAGEMENT_PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "--heap-growing-percent=200", "dist/main.js"]
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=
ARG CREATED=
LABEL org.opencontainers.image.version=${VERSION} \
  org.opencontainers.image.revision=${REVISION} \
  org.opencontainers.image.source=${SOURCE} \
  org.opencontainers.image.created=${CREATED} \
  org.opencontainers.image.licenses=MIT

FROM runtime AS accounts
LABEL org.opencontainers.image.title=accounts
CMD ["serve", "--module", "accounts"]

FROM runtime AS orders
LABEL org.opencontainers.image.title=orders
CMD ["serve", "--module", "orders"]
