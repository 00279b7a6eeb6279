"""Images by digest: recorded, verified in the registry, promoted where the same digest is."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from click.testing import CliRunner

import deploy_cli
from common.errors import UnavailableError
from deploy.packaging.artifacts import Artifacts
from deploy.packaging.images import Image
from deploy.site import Where, open_site
from tests.deploy.aws import Repo, ServiceOnAws, enter

pytestmark = pytest.mark.e2e

TYPE = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7, "digest": "c"}


def call(*words: str, code: int = 0) -> Any:
    answer = CliRunner().invoke(deploy_cli.cli, [*words, "-o", "json"])
    assert answer.exit_code == code, (answer.output, answer.stderr, answer.exception)
    return json.loads(answer.stdout)


class ImagesOnAws(ServiceOnAws):
    """A service whose functions are images; nobody calls them, as nothing here can run one."""

    def push(self, name: str) -> str:
        """The address of an image in this environment's registry; the same name, same digest."""
        ecr: Any = self.session.client("ecr")
        with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=self.service)
        layers = [{"mediaType": LAYER, "size": 1, "digest": f"sha256:{name}"}]
        manifest = {"schemaVersion": 2, "mediaType": TYPE, "config": CONFIG, "layers": layers}
        with suppress(ecr.exceptions.ImageAlreadyExistsException):
            text = json.dumps(manifest)
            ecr.put_image(repositoryName=self.service, imageManifest=text, imageTag=name)
        ids = [{"imageTag": name}]
        (found,) = ecr.describe_images(repositoryName=self.service, imageIds=ids)["imageDetails"]
        sha256 = found["imageDigest"].removeprefix("sha256:")
        return Image(self.service, sha256).uri(self.environment)

    def _function(self, name: str, role: str) -> None:
        self.lambda_.create_function(
            FunctionName=name, Role=role, PackageType="Image", Publish=True,
            Code={"ImageUri": self.push("initial")},
            Tags={"Service": self.service, "Environment": self.environment.name},
        )  # fmt: skip
        self.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")


@pytest.fixture
def dev(sandbox, service, repo: Repo, monkeypatch) -> ImagesOnAws:
    enter(sandbox, monkeypatch, repo.root)
    return ImagesOnAws(sandbox, service)


def test_an_image_goes_to_dev_by_its_digest_and_back_again(dev: ImagesOnAws, repo: Repo):
    first, second = dev.push("one"), dev.push("two")
    commit = repo.commit("v1.0.0")
    made = call("dev", "--image", first)
    assert made["digest"] == first.rsplit(":", 1)[1]
    assert dev.bytes_live() == {made["digest"]}
    assert call("dev")["changed"] is False

    site = open_site(Where(dev.environment, dev.service))
    manifest, evidence = site.artifacts().manifest(commit), site.artifacts().evidence(commit)
    assert (manifest.image, manifest.sha256) == (dev.service, made["digest"])
    assert (evidence.image, evidence.sha256) == (dev.service, made["digest"])
    assert site.ledger().live().image == dev.service

    assert "was built as" in call("dev", "--image", second, code=3)["error"]["message"]
    repo.commit("v1.1.0")
    call("dev", "--image", second)
    assert call("verify", "--env", "dev", "--version", "v1.1.0")["problems"] == []
    call("rollback", "--env", "dev", "--version", "v1.0.0", "--component", "lambda")
    assert dev.bytes_live() == {made["digest"]}
    assert call("verify", "--env", "dev")["problems"] == []


def test_the_next_environment_takes_an_image_its_own_registry_holds(
    dev: ImagesOnAws, repo: Repo, sandbox
):
    commit = repo.commit("v1.0.0")
    digest = call("dev", "--image", dev.push("one"))["digest"]
    sit = ImagesOnAws(sandbox, dev.service, "sit")
    site = open_site(Where(sit.environment, dev.service))
    lower: Artifacts = site.artifacts(dev.environment)
    with pytest.raises(UnavailableError, match="is not in the registry"):
        site.artifacts().copy_from(lower, commit, digest)
    assert sit.push("one").endswith(digest)
    site.artifacts().copy_from(lower, commit, digest)
    assert site.artifacts().manifest(commit) == lower.manifest(commit)


def test_a_function_of_packages_takes_no_image(sandbox, service, repo: Repo, monkeypatch):
    enter(sandbox, monkeypatch, repo.root)
    ServiceOnAws(sandbox, service)
    pushing = ImagesOnAws(sandbox, service, create=False)
    repo.commit("v1.0.0")
    error = call("dev", "--image", pushing.push("one"), code=3)["error"]
    assert "package type Zip, what is deployed is of type Image" in error["message"]


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("536580886816.dkr.ecr.eu-west-1.amazonaws.com/auth:latest", 3),
        ("536580886816.dkr.ecr.eu-west-1.amazonaws.com/auth", 3),
        (f"093646564004.dkr.ecr.eu-west-1.amazonaws.com/auth@sha256:{'a' * 64}", 3),
        (f"536580886816.dkr.ecr.af-south-1.amazonaws.com/auth@sha256:{'a' * 64}", 3),
        (f"docker.io/auth@sha256:{'a' * 64}", 2),
        ("536580886816.dkr.ecr.eu-west-1.amazonaws.com/auth@sha256:abc", 2),
        (f"536580886816.dkr.ecr.eu-west-1.amazonaws.com/auth:v1@sha256:{'a' * 64}", 2),
        (f"536580886816.dkr.ecr.eu-west-1.amazonaws.com/gone@sha256:{'a' * 64}", 4),
    ],
)
def test_what_is_no_image_of_dev_by_digest_changes_nothing(
    dev: ImagesOnAws, repo: Repo, image: str, code: int
):
    repo.commit("v1.0.0")
    before = dev.live()
    call("dev", "--image", image, code=code)
    assert dev.live() == before
