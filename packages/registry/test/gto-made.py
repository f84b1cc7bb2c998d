"""Lets real GTO make histories, each in a copy of a repository: `gto-made.py REPOSITORY FOLDER`. Standard input holds a JSON list
of histories, each a list of [second, verb, model, options]; standard output gets what `gto show --json` prints of each.
What GTO refuses is left out, as a user would leave it."""

import json
import shutil
import sys
import time

from gto import api
from gto.exceptions import GTOException

repository, folder = sys.argv[1:]
shown = []
for number, history in enumerate(json.load(sys.stdin)):
    copy = f"{folder}/{number}"
    shutil.copytree(repository, copy)
    for second, verb, model, options in history:
        time.time = lambda at=second: float(at)
        try:
            getattr(api, verb)(copy, model, **options)
        except GTOException:
            pass
    shown.append(api.show(copy))
print(json.dumps(shown))
