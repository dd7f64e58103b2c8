# The service as a container: built in one stage, run in another without compiler, tests or npm packages of development.
# Runs as a user without rights on a root that may be read-only; listens on every address, so it asks for API_KEYS or ALLOW_ANONYMOUS=yes.
#
#   docker build -t mailverdict .
#   docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 -e ALLOW_ANONYMOUS=yes mailverdict
#
# The name of a base image moves with its releases. For builds that must be the same tomorrow, pin it by the digest that you have checked:
#   docker build --build-arg NODE_IMAGE=node:24-slim@sha256:<digest> -t mailverdict .
# `docker buildx imagetools inspect node:24-slim` tells the digest of today; let a program (Renovate, Dependabot) raise it, or it keeps the faults that were mended since.
ARG NODE_IMAGE=node:24-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Scripts of packages stay off: none of those that run in production needs one.
RUN npm ci --ignore-scripts
COPY tsconfig.json .tsconfig.build.json ./
COPY schemas ./schemas
COPY src ./src
COPY examples ./examples
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Mailverdict" \
      org.opencontainers.image.description="Email authentication validator: SPF, DKIM, DMARC, ARC, BIMI" \
      org.opencontainers.image.licenses="MIT"
# npm and yarn are of no use at run time and would only bring advisories of their own.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && ln -s /app/dist/src/cli/main.js /usr/local/bin/mailverdict
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json openapi.yaml LICENSE ./
RUN chmod 0755 dist/src/cli/main.js
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
USER node
EXPOSE 8080 8891
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["mailverdict", "health"]
CMD ["mailverdict", "serve"]
