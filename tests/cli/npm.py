"""Packages from npm for tests that need a peer."""
import shutil
import subprocess

SKIP = 77


def lacks(folder, package, *programs):
    """Puts the package (NAME@VERSION) into folder/node_modules. What is missing for that, or None; `programs` are needed besides."""
    for program in ("node", "npm", *programs):
        if not shutil.which(program):
            return f"{program} is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    name = package[:package.rindex("@")]
    if (folder / "node_modules" / name).is_dir():
        return None
    (folder / "package.json").write_text('{"private": true}\n')
    got = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", package], cwd=folder, capture_output=True, text=True, check=False)
    return f"npm cannot bring {package}" if got.returncode else None
