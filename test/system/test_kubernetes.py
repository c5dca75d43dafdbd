"""The manifest and the Helm chart for Kubernetes fit the program, the image and each other."""

import json
import re
import subprocess
from functools import cache

import pytest
import yaml

from clients import joined, receive, request
from harness import ROOT, Server
from tokens import ES256, bearer, make_key, make_pair, run

PACKAGE = ROOT / "app/package"
CHART = PACKAGE / "helm/waybill"
TOOLS = ROOT / "test/system/chart"
OPTIONS = re.findall(r"^ +(--[a-z-]+)", run("serve", "--help"), re.MULTILINE)
VARIABLES = {"WAYBILL_" + option[2:].upper().replace("-", "_") for option in OPTIONS}

# Values of the chart that turn on all that it has.
EVERYTHING = {
    "ingress": {"enabled": True, "host": "push.example.com", "className": "nginx",
                "tlsSecret": "push-tls"},
    "metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "autoscaling": {"enabled": True},
    "auth": {"allowOrigin": ["https://a.example.com", "https://b.example.com"]},
    "trustedProxy": ["10.1.2.0/24"],
    "options": {"max-queue": 1048576, "same-id": "newest"},
    "networkPolicy": {
        "clients": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
        "backends": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "redis": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]},
    "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "push", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}}, "podAnnotations": {"team": "push"},
    "imagePullSecrets": [{"name": "registry"}]}


@pytest.fixture(scope="module")
def helm(tmp_path_factory):
    """Renders the chart with values as Helm does, and returns the finished process."""
    program = tmp_path_factory.mktemp("helm") / "render"
    subprocess.run(["go", "build", "-o", program, TOOLS / "render.go"], check=True, env={
        "PATH": "/usr/bin:/bin", "HOME": str(program.parent), "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode"})

    def render(values, release="waybill"):
        return subprocess.run([program, CHART, release], input=yaml.safe_dump(values),
                              capture_output=True, text=True, check=False)

    return render


def by_kind(text):
    """Returns the objects of a YAML text, by kind and name."""
    return {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(text)}


@pytest.fixture(scope="module")
def chart(helm):
    """Returns the objects of the chart with values."""
    @cache
    def objects(text, release):
        done = helm(json.loads(text), release)
        assert done.returncode == 0, done.stderr
        return by_kind(done.stdout)

    return lambda values=None, release="waybill": objects(json.dumps(values or {}), release)


@pytest.fixture(scope="module", params=["manifest", "chart"])
def manifests(request):
    """The objects of kubernetes.yaml, and those of the chart by default."""
    if request.param == "manifest":
        return by_kind((PACKAGE / "kubernetes.yaml").read_text())
    return request.getfixturevalue("chart")()


def pod(objects, name="waybill"):
    """Returns what a pod is made of."""
    return objects["Deployment", name]["spec"]["template"]["spec"]


def variables(objects, name="waybill"):
    """Returns the variables of a node that are not of its pod or of secrets."""
    return objects["ConfigMap", name]["data"]


@pytest.mark.parametrize("values", [
    {}, EVERYTHING, {"auth": {"clients": "open"}, "networkPolicy": {"enabled": False}}],
    ids=["default", "everything", "open"])
def test_the_chart_has_what_the_schemas_know(chart, values):
    objects = list(chart(values, "edge").values())
    done = subprocess.run(["node", TOOLS / "validate.mjs"], input=json.dumps(objects), text=True,
                          capture_output=True, check=True)
    assert done.stdout == ""


def test_the_manifest_has_what_the_schemas_know():
    objects = list(yaml.safe_load_all((PACKAGE / "kubernetes.yaml").read_text()))
    done = subprocess.run(["node", TOOLS / "validate.mjs"], input=json.dumps(objects), text=True,
                          capture_output=True, check=True)
    assert done.stdout == ""


async def test_it_starts_what_answers_probes_clients_and_backends(manifests, lab, tmp_path):
    [container] = pod(manifests)["containers"]
    data = variables(manifests)
    assert set(data) | {variable["name"] for variable in container["env"]} <= VARIABLES
    private, public = make_pair(tmp_path, *ES256)
    public.rename(tmp_path / "jwt-key")
    key = bearer(make_key(tmp_path / "api-keys", "backend", "--scope", "push"))
    # As a volume shows the secret.
    [mount] = container["volumeMounts"]
    environment = {name: value.replace(mount["mountPath"], str(tmp_path))
                   for name, value in data.items()}
    assert environment["WAYBILL_LISTEN"] == "0.0.0.0:8080"
    assert environment["WAYBILL_ADMIN_LISTEN"] == "0.0.0.0:9090"
    environment["WAYBILL_ADMIN_LISTEN"] = "127.0.0.1:0"
    node = lab.node(redis=lab.redis(), env=environment | {
        "WAYBILL_NODE": "waybill-5d4f", "WAYBILL_THREADS": container["resources"]["limits"]["cpu"]})
    admin = Server(node.ports[1])
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        target = container[probe]["httpGet"]
        assert target["port"] == "admin"
        assert (await request(admin, "GET", target["path"])).status == 200
    token = run("token", "--sub", "456", "--jwt-alg", "ES256", "--jwt-key-file", private)
    async with joined(node, "456", extra_headers=bearer(token)) as ws:
        assert (await request(admin, "POST", "/socket/456", b"hello", key)).status == 200
        assert await receive(ws) == "hello"


async def test_a_node_takes_all_values_of_the_chart(chart, lab, tmp_path):
    data = variables(chart(EVERYTHING | {"auth": {"clients": "open"}}))
    assert data["WAYBILL_MAX_QUEUE"] == "1048576" and data["WAYBILL_SAME_ID"] == "newest"
    make_key(tmp_path / "api-keys", "backend", "--scope", "push")
    node = lab.node(env=data | {"WAYBILL_ADMIN_LISTEN": "127.0.0.1:0",
                                "WAYBILL_API_KEY_FILE": str(tmp_path / "api-keys")})
    async with joined(node, "456"):
        # Whoever knows no key pushes nothing.
        answer = await request(Server(node.ports[1]), "POST", "/socket/456", b"hello")
        assert answer.status == 401


def test_a_list_is_one_variable(chart):
    data = variables(chart(EVERYTHING))
    assert data["WAYBILL_ALLOW_ORIGIN"] == "https://a.example.com https://b.example.com"
    assert data["WAYBILL_TRUSTED_PROXY"] == "10.1.2.0/24"


def test_nobody_is_believed_to_be_a_proxy_without_a_word(manifests):
    assert "WAYBILL_TRUSTED_PROXY" not in variables(manifests)


def test_a_node_ends_without_haste_and_all_is_found(manifests):
    spec = pod(manifests)
    [container] = spec["containers"]
    drain = int(re.search(r"--drain=(\d+)s", run("serve", "--help"))[1])
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    # A client has 10 s to read its queue, and 5 s for the close frame.
    assert pause + drain + 15 <= spec["terminationGracePeriodSeconds"]
    labels = manifests["Deployment", "waybill"]["spec"]["template"]["metadata"]["labels"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for name in ("waybill", "waybill-admin"):
        service = manifests["Service", name]["spec"]
        assert service["selector"].items() <= labels.items()
        for port in service["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    for kind in ("Deployment", "PodDisruptionBudget"):
        selector = manifests[kind, "waybill"]["spec"]["selector"]["matchLabels"]
        assert selector.items() <= labels.items()
    assert ("ServiceAccount", spec["serviceAccountName"]) in manifests


def test_a_longer_drain_has_a_longer_grace(chart):
    objects = chart({"drain": 60})
    assert variables(objects)["WAYBILL_DRAIN"] == "60s"
    assert pod(objects)["terminationGracePeriodSeconds"] == 80


def test_it_runs_the_image_as_its_user_and_version(manifests):
    user = pod(manifests)["securityContext"]
    text = (PACKAGE / "Dockerfile").read_text()
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in text
    version = re.search(r"^project\(waybill VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(),
                        re.MULTILINE)[1]
    assert pod(manifests)["containers"][0]["image"] == f"waybill:{version}"
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == version
    assert f'org.opencontainers.image.version="{version}"' in text


def test_the_chart_by_default_is_the_manifest(chart):
    """Both keep a node alike; the chart adds what the manifest has no place for."""
    mine, other = pod(chart()), pod(by_kind((PACKAGE / "kubernetes.yaml").read_text()))
    [container], [expected] = mine["containers"], other["containers"]
    assert container.pop("imagePullPolicy") == "IfNotPresent"
    by_name = {item["key"]: item for item in mine["volumes"][0]["secret"].pop("items")}
    assert by_name == {item["key"]: item for item in other["volumes"][0]["secret"].pop("items")}
    assert container == expected
    for spec in (mine, other):
        del spec["topologySpreadConstraints"][0]["labelSelector"]
    assert mine == other


def test_the_ingress_leads_to_clients_paths_only(chart):
    objects = chart(EVERYTHING, "edge")
    [rule] = objects["Ingress", "edge-waybill"]["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/websocket/", "/events/"]
    for path in rule["http"]["paths"]:
        service = path["backend"]["service"]
        ports = objects["Service", service["name"]]["spec"]["ports"]
        assert service["port"]["name"] in [port["name"] for port in ports]
        assert service["port"]["name"] == "clients"


def test_the_network_policy_keeps_the_admin_port_within_the_namespace(chart):
    policy = chart()["NetworkPolicy", "waybill"]["spec"]
    assert policy["ingress"] == [
        {"ports": [{"port": "clients"}]},
        {"ports": [{"port": "admin"}], "from": [{"podSelector": {}}]}]
    assert policy["egress"][0] == {"ports": [{"port": 6379}]}
    clients, admins = chart(EVERYTHING)["NetworkPolicy", "waybill"]["spec"]["ingress"]
    assert clients["from"] == EVERYTHING["networkPolicy"]["clients"]
    assert admins["from"] == [{"podSelector": {}}, *EVERYTHING["networkPolicy"]["backends"]]


def test_prometheus_finds_the_admin_service_only(chart):
    objects = chart(EVERYTHING, "edge")
    spec = objects["ServiceMonitor", "edge-waybill"]["spec"]
    wanted = spec["selector"]["matchLabels"].items()
    found = [name for (kind, name), item in objects.items()
             if kind == "Service" and wanted <= item["metadata"]["labels"].items()]
    assert found == ["edge-waybill-admin"]
    [endpoint] = spec["endpoints"]
    assert endpoint["port"] == objects["Service", found[0]]["spec"]["ports"][0]["name"]


# The sessions of each node, how many it would take a second, whether it is ready; and the factor
# by which there should be more nodes.
LOADS = {
    "room for all": ([6000, 6000, 6000], [1000, 1000, 1000], [1, 1, 1], 0.1),
    "too little room": ([6000, 6000, 6000], [65, 65, 65], [1, 1, 1], 1.538),
    "full": ([6000, 6000, 6000], [0, 0, 0], [1, 1, 1], 2),
    "an outage of Redis": ([6000, 6000, 6000], [0, 0, 0], [0, 0, 0], 1),
    "a node that starts": ([6000, 6000, 0], [1000, 1000, 0], [1, 1, 0], 1),
    "no figures": ([], [], [], 1),
}


@pytest.mark.parametrize("case", LOADS)
def test_autoscaling_asks_for_room_and_for_nothing_else(chart, case, tmp_path):
    objects = chart(EVERYTHING, "edge")
    scaled = objects["ScaledObject", "edge-waybill"]["spec"]
    assert ("Deployment", scaled["scaleTargetRef"]["name"]) in objects
    assert "replicas" not in objects["Deployment", "edge-waybill"]["spec"]
    [trigger] = scaled["triggers"]
    assert trigger["metadata"]["threshold"] == "1"
    *figures, expected = LOADS[case]
    series = [{"series": f'{name}{{instance="{i}",namespace="default",service="{service}"}}',
               "values": str(value)}
              for name, values in zip(["waybill_sessions", "waybill_headroom", "waybill_ready"],
                                      figures)
              for i, value in enumerate(values)
              for service, value in [("edge-waybill-admin", value), ("another", 7 * value)]]
    query = f"round({trigger['metadata']['query']}, 0.001)"
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [{
        "interval": "1m", "input_series": series, "promql_expr_test": [
            {"expr": query, "eval_time": "0m",
             "exp_samples": [{"labels": "{}", "value": expected}]}]}]}))
    done = subprocess.run(["promtool", "test", "rules", tmp_path / "test.yaml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values, message", [
    ({"auth": {"clients": "none"}}, "auth.clients: write jwt or open"),
    ({"ingress": {"enabled": True}}, "ingress.host: name the host of clients")])
def test_a_wrong_value_is_told(helm, values, message):
    done = helm(values)
    assert done.returncode != 0 and message in done.stderr
