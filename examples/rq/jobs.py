"""What the workers do: each job writes its name into a file that all releases share."""

import os
import time


def work(name, seconds):
    time.sleep(seconds)
    with open(os.path.join(os.environ["DEPLOYER_ROOT"], "shared", "done"), "a", buffering=1) as log:
        log.write(name + "\n")
