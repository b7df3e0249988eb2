raise ModuleNotFoundError("left out", name="trio")
