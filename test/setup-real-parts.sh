#!/usr/bin/env bash
# Makes the real parts that tests use beside Node.js, each at a fixed place under .cache/:
#   .cache/python/bin/python  Python with what examples/sklearn needs
#   .cache/gto/bin/gto        GTO, which reads the same tags as Rastro
#   .cache/zizmor/bin/zizmor  zizmor, which looks for weak points in workflows
# What is there and up to date is left alone. RASTRO_PYTHON, RASTRO_GTO and RASTRO_ZIZMOR name others to the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# make <folder> <what it is> <pip's arguments…>: a virtual environment with those packages.
make() {
  local folder=.cache/$1 what=$2 wanted
  shift 2
  wanted=$({ printf '%s\n' "$@"; cat examples/sklearn/requirements.txt; } | cksum)
  if [[ -f $folder/.complete && $(<"$folder/.complete") == "$wanted" ]]; then
    echo "$what: already in $folder"
    return
  fi
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
  echo "$wanted" >"$folder/.complete"
  echo "$what: set up in $folder"
}

make python 'Python with scikit-learn' --requirement examples/sklearn/requirements.txt
make gto 'GTO' gto==1.10.1
make zizmor 'zizmor' zizmor==1.32.0
