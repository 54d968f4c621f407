"""kubernetes_test.py - the Kubernetes example has fields that there are, and names that meet.

Usage:    kubernetes_test.py DEPLOY_FOLDER PROGRAM_FOLDER WORKLOAD
Failures: a field that its object does not have, a value of another kind, a name that leads nowhere,
          more rights than promised. Skipped (77) without Python's yaml.
"""

import json
import pathlib
import re
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    yaml = None

DEPLOY = pathlib.Path(sys.argv[1])
PROGRAMS = pathlib.Path(sys.argv[2]).resolve()
WORKLOAD = pathlib.Path(sys.argv[3])

TEXT, NUMBER, TRUTH = str, int, bool
LABELS = {"*": TEXT}
RESOURCES = {"requests": LABELS, "limits": LABELS}
SECURITY = {"allowPrivilegeEscalation": TRUTH, "readOnlyRootFilesystem": TRUTH,
            "privileged": TRUTH, "capabilities": {"drop": [TEXT], "add": [TEXT]}}
CONTAINER = {
    "name": TEXT, "image": TEXT, "restartPolicy": TEXT, "command": [TEXT], "args": [TEXT],
    "env": [{"name": TEXT, "value": TEXT}],
    "ports": [{"name": TEXT, "containerPort": NUMBER}],
    "startupProbe": {"tcpSocket": {"port": TEXT}, "periodSeconds": NUMBER,
                     "failureThreshold": NUMBER},
    "resources": RESOURCES, "securityContext": SECURITY,
    "volumeMounts": [{"name": TEXT, "mountPath": TEXT, "readOnly": TRUTH}],
}
POD = {
    "subdomain": TEXT, "restartPolicy": TEXT, "automountServiceAccountToken": TRUTH,
    "enableServiceLinks": TRUTH, "terminationGracePeriodSeconds": NUMBER,
    "securityContext": {
        "runAsNonRoot": TRUTH, "runAsUser": NUMBER, "runAsGroup": NUMBER, "fsGroup": NUMBER,
        "seccompProfile": {"type": TEXT, "localhostProfile": TEXT}},
    "initContainers": [CONTAINER], "containers": [CONTAINER],
    "volumes": [{"name": TEXT, "secret": {"secretName": TEXT, "defaultMode": NUMBER},
                 "configMap": {"name": TEXT}, "emptyDir": {"sizeLimit": TEXT}}],
}
HEAD = {"apiVersion": TEXT, "kind": TEXT, "metadata": {"name": TEXT, "labels": LABELS}}
SELECTOR = {"matchLabels": LABELS}
OBJECTS = {
    ("v1", "Service"): {
        **HEAD, "spec": {"clusterIP": TEXT, "publishNotReadyAddresses": TRUTH, "selector": LABELS,
                         "ports": [{"name": TEXT, "port": NUMBER}]}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {
        **HEAD, "spec": {"podSelector": SELECTOR, "policyTypes": [TEXT],
                         "ingress": [{"from": [{"podSelector": SELECTOR}]}]}},
    ("batch/v1", "Job"): {
        **HEAD, "spec": {
            "completions": NUMBER, "parallelism": NUMBER, "completionMode": TEXT,
            "backoffLimit": NUMBER, "activeDeadlineSeconds": NUMBER,
            "successPolicy": {"rules": [{"succeededIndexes": TEXT, "succeededCount": NUMBER}]},
            "template": {"metadata": {"labels": LABELS}, "spec": POD}}},
}


def differences(value, schema, path=""):
    """Where a value is not as the schema has it."""
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        for name, one in value.items():
            known = schema.get(name, schema.get("*"))
            if known is None:
                yield f"{path}.{name} is no field of it"
            else:
                yield from differences(one, known, f"{path}.{name}")
    elif isinstance(schema, list):
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for index, one in enumerate(value):
            yield from differences(one, schema[0], f"{path}[{index}]")
    elif type(value) is not schema:
        yield f"{path} is {value!r}, not of {schema.__name__}"


class Kubernetes(unittest.TestCase):
    def setUp(self):
        text = (DEPLOY / "kubernetes.yaml").read_text()
        self.objects = {one["kind"]: one for one in yaml.safe_load_all(text)}
        self.job = self.objects["Job"]["spec"]
        self.pod = self.job["template"]["spec"]
        self.containers = self.pod["initContainers"] + self.pod["containers"]
        (self.client,) = self.pod["containers"]

    def test_every_field_is_one_of_its_object(self):
        self.assertEqual(len(self.objects), len(OBJECTS))
        for one in self.objects.values():
            schema = OBJECTS[one["apiVersion"], one["kind"]]
            self.assertEqual(list(differences(one, schema, one["kind"])), [])

    def test_differences_are_found(self):
        pod = {**self.pod, "hostNetwork": True, "subdomain": 3, "volumes": {}}
        self.assertEqual(len(list(differences(pod, POD))), 3)

    def test_names_meet(self):
        labels = self.job["template"]["metadata"]["labels"]
        service = self.objects["Service"]
        self.assertEqual(service["spec"]["selector"], labels)
        self.assertEqual(service["metadata"]["name"], self.pod["subdomain"])
        policy = self.objects["NetworkPolicy"]["spec"]
        self.assertEqual(policy["podSelector"]["matchLabels"], labels)
        volumes = {volume["name"] for volume in self.pod["volumes"]}
        for container in self.containers:
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            self.assertLessEqual(set(mounts.values()), volumes)
            for path in re.findall(r"/(?:etc/pendio|scratch)[\w./]*", str(container["args"])):
                self.assertTrue(any(path.startswith(mount) for mount in mounts), path)
        ports = {port["name"]: port["containerPort"] for port in self.containers[0]["ports"]}
        self.assertEqual(ports, {port["name"]: port["port"] for port in service["spec"]["ports"]})

    def test_there_is_a_pod_for_each_place_of_the_workload(self):
        actors = json.loads(WORKLOAD.read_text())["actors"]
        places = {actor.get("place", 0) for actor in actors}
        name, subdomain = self.objects["Job"]["metadata"]["name"], self.pod["subdomain"]
        port = self.containers[0]["ports"][0]["containerPort"]
        urls = re.findall(r"--url (\S+)", self.client["args"][0])
        self.assertEqual(urls, [f"tls+tcp://{name}-{place}.{subdomain}:{port}"
                                for place in sorted(places)])
        self.assertEqual(self.job["completions"], len(places))
        self.assertEqual(self.job["parallelism"], len(places))  # all at once, or none begins
        self.assertEqual(self.job["completionMode"], "Indexed")
        self.assertIn(WORKLOAD.name, self.client["args"][0])

    def test_options_are_those_of_the_programs(self):
        for program, words in (("pendiod", " ".join(self.containers[0]["args"])),
                               ("pendio", self.client["args"][0])):
            command = [PROGRAMS / program, *(["help", "run"] if program == "pendio"
                                             else ["--help"])]
            told = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=True,
                                  timeout=60).stdout
            for option in set(re.findall(r"--[a-z-]+", words)):
                self.assertIn(option, told)

    def test_it_has_no_more_rights_than_promised(self):
        security = self.pod["securityContext"]
        self.assertIs(security["runAsNonRoot"], True)
        self.assertGreater(security["runAsUser"], 0)
        self.assertEqual(security["seccompProfile"]["type"], "Localhost")
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        for container in self.containers:
            self.assertEqual(container["securityContext"], {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                "privileged": False, "capabilities": {"drop": ["ALL"]}})


if __name__ == "__main__":
    if yaml is None:
        print("skipped: this Python has no yaml (the package python3-yaml)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
