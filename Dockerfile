# One image for gateway, worker and the one-shot commands; see docker-compose.yml.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/examples examples
# A new named volume takes the owner of the folder it is mounted on.
RUN mkdir -p /keys/signing /keys/shared /checkpoints /tokens && chown -R node:node /keys /checkpoints /tokens
USER node
CMD ["node", "dist/src/cli/main.js", "--help"]
