"""The figures that Prometheus is told are what the reference says, and what there is."""

import asyncio
import json
import re
import resource
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from clients import Http, joined, request
from harness import ROOT, Process, eventually
from reference import REFERENCE, metric_tables, table_with, words_of
from tokens import bearer, make_key

MONITORING = ROOT / "app/monitoring"


async def metrics_of(node):
    """Returns the samples of a node as a dict: `name{label="value"}` to numbers."""
    answer = await request(node, "GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line.rpartition(" ") for line in answer.body.decode().splitlines()
             if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def documented():
    """Returns the names of the metrics of the reference."""
    rows = table_with((REFERENCE / "metrics.md").read_text(), "metric", "type")
    return {word for name, *_ in rows for word in words_of(name)}


def test_types_and_labels_of_metrics_are_those_of_the_table():
    families, *_ = metric_tables()
    rows = table_with((REFERENCE / "metrics.md").read_text(), "metric", "type")
    told = {name: (kind, ", ".join(sorted(words_of(labels))))
            for names, kind, labels, _ in rows for name in words_of(names)}
    assert len(families) > 20
    assert {name: told.get(name) for name in families} == families


def base_of(sample):
    """Returns the name of the metric that a sample belongs to."""
    return re.sub(r"_(bucket|count|sum)$", "", re.match(r"\w+", sample)[0])


async def test_the_metrics_of_a_node_are_those_of_the_reference(lab):
    found = await metrics_of(lab.node(redis=lab.redis()))
    assert {base_of(sample) for sample in found} == documented()
    answer = await request(lab.node(), "GET", "/metrics")
    checked = subprocess.run(["promtool", "check", "metrics"], input=answer.body,
                             capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr.decode()


async def test_a_node_tells_what_became_of_its_pushes(lab):
    node = lab.node("--node", "tomcat")
    async with joined(node, "456"), Http(node) as http:
        for level in ("routed", "written", "received", "received"):
            assert (await http.push("456", "x", f"?receipt={level}")).status == 200
        assert (await http.push("nobody", "x")).status == 404

        async def told():
            found = await metrics_of(node)
            return found if found['waybill_push_answers_total{status="404"}'] == 1 else None

        found = await eventually(told)
    assert found['waybill_sessions{transport="websocket"}'] == 1 and found["waybill_ready"] == 1
    assert found['waybill_sessions{transport="events"}'] == 0
    assert any(name.startswith('waybill_build_info{node="tomcat",version="') for name in found)
    assert found['waybill_push_answers_total{status="200"}'] == 4
    assert found['waybill_push_seconds_count{level="written"}'] == 1
    assert found['waybill_push_seconds_count{level="received"}'] == 2
    assert found['waybill_push_seconds_bucket{level="received",le="+Inf"}'] == 2
    assert 0 < found['waybill_push_seconds_sum{level="received"}'] < 10


async def test_a_node_tells_what_its_process_takes(lab):
    before = time.time()
    node = lab.node("--max-sessions", "123", "--threads", "3")
    after = time.time()
    process = Path(f"/proc/{node.pid}")
    found = await metrics_of(node)
    assert found["waybill_max_sessions"] == 123
    assert before < found["process_start_time_seconds"] < after
    assert found["process_max_fds"] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    pages = int((process / "statm").read_text().split()[1])
    assert abs(found["process_resident_memory_bytes"] / pages / resource.getpagesize() - 1) < 0.1
    async with Http(node), joined(node, *["456"] * 20):
        more = await metrics_of(node)
        # One connection asks, and is gone.
        held = len(list((process / "fd").iterdir()))
    assert held <= more["process_open_fds"] <= held + 1
    assert more["process_open_fds"] > found["process_open_fds"]
    assert more["process_start_time_seconds"] == found["process_start_time_seconds"]

    async def cpu_is_told():
        told = (await metrics_of(node))["process_cpu_seconds_total"]
        return 0 < told < time.time() - before

    await eventually(cpu_is_told)


async def test_reasons_add_up_to_the_requests_that_were_refused(lab, tmp_path):
    keys = tmp_path / "keys"
    admin = bearer(make_key(keys, "admin", "--scope", "admin"))
    node = lab.node("--api-key-file", keys)
    for path, headers, status in [
            ("/stats", bearer("nobody"), 401), ("/stats", admin | {"Origin": "http://evil"}, 403),
            ("/nowhere", admin, 404), ("/socket/456", admin, 403)]:
        assert (await request(node, "GET", path, headers=headers)).status == status
    told = (await request(node, "GET", "/metrics", headers=admin)).body.decode()
    counts = dict(re.findall(r'waybill_refused_total{reason="(\w+)"} (\d+)', told))
    assert counts == {"token": "0", "key": "1", "origin": "1", "other": "2"}
    all_figures = (await request(node, "GET", "/stats", headers=admin)).json
    assert all_figures["refused_requests"] == 4


async def test_a_node_that_lost_redis_is_not_ready(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    cluster.redis.kill()
    node.log.wait_for("Redis is away")
    found = await metrics_of(node)
    assert found["waybill_ready"] == 0 and found["waybill_links_lost_total"] == 1


async def test_metrics_are_for_admins(lab, tmp_path):
    keys = tmp_path / "keys"
    pusher, admin = (make_key(keys, scope, "--scope", scope) for scope in ("push", "admin"))
    node = lab.node("--api-key-file", keys)
    for key, status in [(pusher, 403), (admin, 200)]:
        assert (await request(node, "GET", "/metrics", headers=bearer(key))).status == status


def test_the_rules_for_alerts_are_good():
    subprocess.run(["promtool", "check", "rules", MONITORING / "alerts.yaml"], check=True)


def test_each_alert_fires_when_it_should():
    subprocess.run(["promtool", "test", "rules", MONITORING / "alerts.test.yaml"], check=True)
    rules = (MONITORING / "alerts.yaml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    tried = (MONITORING / "alerts.test.yaml").read_text()
    fired = re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:", tried)
    assert len(alerts) > 10 and sorted(fired) == sorted(alerts)


async def test_the_configuration_for_prometheus_scrapes_a_node(lab, tmp_path):
    keys = tmp_path / "keys"
    (tmp_path / "waybill.key").write_text(make_key(keys, "prometheus", "--scope", "admin"))
    node = lab.node("--node", "tomcat", "--api-key-file", keys)
    config = (MONITORING / "prometheus.yaml").read_text().replace("15s", "1s")
    config = re.sub(r"targets: \[.*\]", f"targets: ['127.0.0.1:{node.port}']", config)
    (tmp_path / "prometheus.yaml").write_text(config)
    (tmp_path / "alerts.yaml").write_text((MONITORING / "alerts.yaml").read_text())
    prometheus = lab.enter_context(Process(
        "prometheus", f"--config.file={tmp_path / 'prometheus.yaml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}", "--web.listen-address=127.0.0.1:0"))
    prometheus.log.wait_for("ready to receive web requests")
    address = prometheus.log.wait_for(r"Listening on.*address=(127\.0\.0\.1:\d+)")[1]

    def ask(path):
        with urllib.request.urlopen(f"http://{address}/api/v1/{path}") as answer:
            return json.load(answer)["data"]

    async def value(query):
        found = await asyncio.to_thread(ask, f"query?query={query}")
        return [sample["value"][1] for sample in found["result"]]

    await eventually(lambda: value("waybill_ready"))
    assert await value("up%7Bjob='waybill'%7D") == ["1"]
    [group] = (await asyncio.to_thread(ask, "rules"))["groups"]
    assert len(group["rules"]) > 10


@pytest.mark.parametrize("name", ["alerts.yaml", "dashboard.json"])
def test_what_watches_a_node_asks_for_metrics_that_there_are(name):
    text = (MONITORING / name).read_text()
    named = {base_of(sample) for sample in re.findall(r"(?:waybill|process)_\w+", text)}
    assert len(named) > 4 and named <= documented()
    if name.endswith(".json"):
        assert len(json.loads(text)["panels"]) > 4
