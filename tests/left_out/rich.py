raise ModuleNotFoundError("left out", name="rich")
