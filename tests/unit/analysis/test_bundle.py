import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
sys.path.insert(0, {zip!r})
import analysis.records.judge, contracts.schema
assert analysis.records.judge.__file__.startswith({zip!r}), analysis.records.judge.__file__
assert contracts.schema.__file__.startswith({zip!r}), contracts.schema.__file__
print(len(analysis.records.judge.CONTRACT.fields))
"""


def test_the_zip_for_a_cluster_has_all_that_the_job_needs(tmp_path: Path) -> None:
    """Built by the command that the package's docstring gives, and imported from nowhere else."""
    bundle = str(tmp_path / "analysis.zip")
    subprocess.run([sys.executable, "-m", "zipfile", "-c", bundle, "analysis", "contracts"], cwd=ROOT, check=True)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(zip=bundle)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("29\n", "")
