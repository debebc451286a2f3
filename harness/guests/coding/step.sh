#!/bin/bash
# What a coding agent's sandbox runs: a line in, a line out. A line is a number that differs in every
# request, and 1 to do a step or 0 just to answer.
#
# A step: clone the repository beside this file, look for something, read the history, edit two files,
# run two test suites, commit. The answer is made of what each of them found.
set -u
here=${0%/*}
work=${1:-/work}
export HOME=$work LC_ALL=C
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=agent GIT_AUTHOR_EMAIL=agent@localhost
export GIT_COMMITTER_NAME=agent GIT_COMMITTER_EMAIL=agent@localhost
export GIT_CONFIG_COUNT=3
export GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
export GIT_CONFIG_KEY_1=gc.auto GIT_CONFIG_VALUE_1=0
export GIT_CONFIG_KEY_2=maintenance.auto GIT_CONFIG_VALUE_2=false

step() {
  local salt=$1 at=$work/copy-$1
  local found commits javascript python changed
  git clone --quiet --template= "$here/repository" "$at" || return
  cd "$at" || return
  found=$(grep --recursive --line-number TODO src lib | wc -l)
  commits=$(git log --oneline | wc -l)
  sed -i "s/SALT = 0/SALT = $salt/" src/salt.js lib/salt.py
  javascript=$(node test/all.js)
  python=$(python3 -I -S test/all.py)
  git add --all && git commit --quiet --message "Salt with $salt"
  changed=$(git show --name-only --format= HEAD | wc -l)
  cd "$work" || return
  echo "$salt $found $commits $javascript $python $changed"
}

echo ready
while read -r nonce what; do
  if [ "$what" = 1 ]; then
    # A step that fails has an answer too, a wrong one: nobody waits for it in vain.
    step "$nonce" || echo "$nonce failed"
  else
    echo "$nonce"
  fi
done
