"""Trains a gradient booster with scikit-learn and writes it as ONNX.

Rastro runs this as the training command of the model and says in the environment what to do:

    RASTRO_DATA    files with the training rows, one a line
    RASTRO_TARGET  column with the truth
    RASTRO_PARAMS  parameters as JSON
    RASTRO_SEED    seed
    RASTRO_MODEL   file to write the model to
"""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier


def main() -> None:
    rows = pd.concat([pd.read_csv(path) for path in os.environ["RASTRO_DATA"].splitlines()])
    truth = rows.pop(os.environ["RASTRO_TARGET"]).to_numpy(dtype=str)
    # The ONNX model reads 32-bit floats. Training on the same numbers makes both decide alike at every threshold.
    features = rows.to_numpy(dtype=np.float32)

    classifier = HistGradientBoostingClassifier(
        random_state=int(os.environ["RASTRO_SEED"]),
        early_stopping=False,
        **json.loads(os.environ["RASTRO_PARAMS"]),
    ).fit(features, truth)

    model = to_onnx(
        classifier,
        features[:1],
        name="diagnosis",  # Without a name the converter makes one up, and no two files would be equal.
        options={"zipmap": False},  # Probabilities as one matrix, which every runtime can return.
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    file = Path(os.environ["RASTRO_MODEL"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString())
    print(f"{len(rows)} rows, {features.shape[1]} features: accuracy {classifier.score(features, truth):.4f} on them")


if __name__ == "__main__":
    main()
