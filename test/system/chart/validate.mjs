// Checks objects for Kubernetes, in JSON on standard input, by the schemas of its API and of two
// operators. Prints each fault.

import { readFileSync } from "node:fs";

// The packages of groups that are not Kubernetes' own.
const OPERATORS = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};

// Returns an object that notes which members are read, at any depth. The schemas permit members
// that they do not know, but never look at those.
function watch(object, path, read) {
  if (object === null || typeof object !== "object") return object;
  return new Proxy(object, {
    get(target, name) {
      const inner = `${path}.${String(name)}`;
      read.add(inner);
      return watch(target[name], inner, read);
    },
  });
}

function pathsOf(object, path) {
  if (object === null || typeof object !== "object") return [];
  return Object.entries(object).flatMap(
    ([name, value]) => [`${path}.${name}`, ...pathsOf(value, `${path}.${name}`)]);
}

for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const { apiVersion, kind } = object;
  const library = OPERATORS[apiVersion.split("/")[0]] ?? "kubernetes-models";
  const { [kind]: Model } = await import(`${library}/${apiVersion}`);
  const read = new Set();
  try {
    watch(new Model(object), kind, read).validate();
  } catch (error) {
    console.log(`${kind}: ${error.message}`);
  }
  for (const path of pathsOf(object, kind))
    if (!read.has(path)) console.log(`${path}: no such member`);
}
