#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the assignment's image. The course lies in source/course.
set -euo pipefail
AUTOGRADER="${AUTOGRADER:-/autograder}"
course="$AUTOGRADER/source/course"
export DEBIAN_FRONTEND=noninteractive

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  return 1
}

# The base image's own Python may be older than 3.11, and Debian ships venv apart.
if ! find_python >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3.12 python3.12-venv \
    || apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
fi
# Isolation where the platform allows it; the grader says in its report which kind it got.
command -v bwrap >/dev/null || apt-get install -y -qq --no-install-recommends bubblewrap || true

"$(find_python)" -m venv "$AUTOGRADER/venv"
cd "$course"
"$AUTOGRADER/venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[teach]'
# What a submission's code may not read where it can't be isolated better: solutions and hidden asserts.
chmod -R go-rwx "$course/source"
