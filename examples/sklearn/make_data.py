"""Writes data/train.csv and data/test.csv from the breast cancer data that scikit-learn ships.

Ten measurements per biopsy (the means over its cell nuclei) and the diagnosis. The split is stratified and seeded, so that
running this again writes the same bytes.
"""

from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

DATA = Path(__file__).parent / "data"


def main() -> None:
    bunch = load_breast_cancer(as_frame=True)
    rows = bunch.data.filter(like="mean ").rename(columns=lambda name: name.replace(" ", "_"))
    rows["diagnosis"] = [bunch.target_names[code] for code in bunch.target]
    train, test = train_test_split(rows, test_size=0.35, random_state=0, stratify=rows["diagnosis"])
    DATA.mkdir(exist_ok=True)
    train.sort_index().to_csv(DATA / "train.csv", index=False, lineterminator="\n")
    test.sort_index().to_csv(DATA / "test.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
