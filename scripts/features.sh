#!/usr/bin/env bash
# Prints the flags with which cargo builds what can be had here: see scripts/setup-v8.sh.
if [ "$(cat "$(dirname "$0")/../.cargo/v8" 2>/dev/null)" = none ]; then
  echo --no-default-features
fi
