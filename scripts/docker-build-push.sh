#!/usr/bin/env bash
# Builds the images of both bounded contexts and pushes them.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'USAGE'
Usage: REGISTRY=registry.example.com/team [TAG=1.4.0] scripts/docker-build-push.sh [--no-push]

Builds the image of each context that the Dockerfile has, and pushes it as $REGISTRY/CONTEXT:$TAG. Writes a bill of
materials for each as $SBOM_FOLDER/CONTEXT-$TAG.cdx.json. Docker with buildx and the containerd image store also
attaches provenance and its own bill of materials, of the whole image.

  --no-push   builds only; then REGISTRY may be missing
  --help      prints this

REGISTRY     where to push: host and path
TAG          default: the version in package.json and the commit, 0.1.0-4f2a9c1d03be
BUILDER      docker, podman or buildah; default: the first of them that is here
BUILD_FLAGS  more flags for it, separated by spaces: --platform=linux/arm64
NODE_IMAGE   another base image than the Dockerfile's
SBOM_FOLDER  default: sbom
NPMRC        a file of npm settings that the build needs and the image must not have
USAGE
}

fail() {
  echo "$1" >&2
  exit "${2:-1}"
}

push=true
for argument in "$@"; do
  case $argument in
    --no-push) push=false ;;
    --help) usage && exit 0 ;;
    *) fail "$argument: there is no such flag; --help tells more" 2 ;;
  esac
done
if $push && [ -z "${REGISTRY:-}" ]; then fail 'REGISTRY: is not set; --help tells more' 2; fi

for candidate in docker podman buildah; do
  [ -n "${BUILDER:-}" ] && break
  command -v "$candidate" >/dev/null && BUILDER=$candidate
done
[ -n "${BUILDER:-}" ] || fail 'BUILDER: neither docker nor podman nor buildah is installed'

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
revision=$(git rev-parse HEAD)
# What is not committed is in the image, too, so the image must not claim to be the commit.
[ -z "$(git status --porcelain)" ] || revision=$revision-modified
short=$(git rev-parse --short=12 HEAD)${revision#"${revision%%-*}"}
tag=${TAG:-$version-$short}

base=${NODE_IMAGE:-$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)}

options=(
  --build-arg "NODE_IMAGE=$base"
  --label "org.opencontainers.image.base.name=${base%@*}"
  --build-arg "VERSION=$version"
  --build-arg "REVISION=$revision"
  --build-arg "SOURCE=$(git remote get-url origin 2>/dev/null | sed -n 's|^\(https\{0,1\}://\)\([^/@]*@\)\{0,1\}|\1|p')"
  --build-arg "CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
)
case $base in *@*) options+=(--label "org.opencontainers.image.base.digest=${base#*@}") ;; esac
# Other image stores of docker cannot keep attestations, and the build would fail.
if [ "$BUILDER" = docker ] && docker buildx version >/dev/null 2>&1 &&
  [[ $(docker info --format '{{.DriverStatus}}' 2>/dev/null) == *io.containerd.snapshotter* ]]; then
  options+=(--provenance=mode=max --sbom=true)
fi
# The OCI format that these two prefer has no health check.
case $BUILDER in podman | buildah) options+=(--format docker) ;; esac
if [ -n "${NPMRC:-}" ]; then options+=(--secret "id=npmrc,src=$NPMRC"); fi

for module in $(sed -n 's/^FROM runtime AS //p' Dockerfile); do
  image=${REGISTRY:+$REGISTRY/}$module:$tag
  bill=${SBOM_FOLDER:-sbom}/$module-$tag.cdx.json
  node scripts/sbom.mjs --name "$module" --version "$tag" --output "$bill"
  # shellcheck disable=SC2086 # BUILD_FLAGS is a list
  DOCKER_BUILDKIT=1 $BUILDER build "${options[@]}" ${BUILD_FLAGS:-} --target "$module" --tag "$image" .
  echo "built $image, $bill"
  if $push; then
    $BUILDER push "$image"
    echo "pushed $image"
  fi
done
