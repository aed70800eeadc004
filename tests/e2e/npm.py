# SPDX-License-Identifier: Apache-2.0
"""Programs of the npm registry for the tests, kept beside the build: installed once, without their scripts. A machine
without npm, or where the registry does not answer, skips what needs them."""
import os
import shutil
import subprocess

import tap

CACHE = os.environ["REMIT_CACHE"]


def installed(package):
    """The folder of node_modules in which a package ("name@version") stands with all it needs."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        raise tap.Skip("there is no npm here")
    folder = os.path.join(CACHE, "npm", package.replace("/", "+"))
    if os.path.isdir(folder):
        return os.path.join(folder, "node_modules")
    new = f"{folder}.{os.getpid()}"
    os.makedirs(new)
    try:
        done = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", new, package],
                              capture_output=True, text=True, cwd=new, stdin=subprocess.DEVNULL, check=False, timeout=120)
        if done.returncode != 0:
            raise tap.Skip(f"npm install {package} failed")
        os.rename(new, folder)
    except subprocess.TimeoutExpired:
        raise tap.Skip(f"npm install {package} took too long") from None
    except OSError:
        if not os.path.isdir(folder):  # else another test was faster
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return os.path.join(folder, "node_modules")
