//! The dashboard of `contrib/`, by Grafana's own models (grafana-foundation-sdk of PyPI) and, its queries, by promtool.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::Consumers;
use crate::fleet::{asked, dashboard_text, expressions};
use crate::live::python;
use crate::monitors::read_by;
use crate::tools::program;

/// Reads a dashboard as Grafana's models have it, panels and queries of Prometheus included, and prints what these do not
/// know, change, or have another type for.
const MODELLED: &str = r#"
import enum, json, sys, types, typing
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
register_default_plugins()
faults = []
def written(model):
    return json.loads(json.dumps(model, cls=JSONEncoder))
def same(ours, theirs, path):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                same(value, theirs[key], f"{path}/{key}")
            else:
                faults.append(f"{path}/{key} is not known")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs)):
            same(one, other, f"{path}/{place}")
    elif ours != theirs:
        faults.append(f"{path}: {ours!r} became {theirs!r}")
def fits(value, kind, path):
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind in (typing.Any, object):
        return True
    if origin in (typing.Union, types.UnionType):
        before = len(faults)
        for one in inner:
            if fits(value, one, path):
                return True
            del faults[before:]
        return False
    if origin is typing.Literal:
        return value in inner
    if origin is list:
        return isinstance(value, list) and all(fits(one, inner[0], f"{path}/{place}") for place, one in enumerate(value))
    if origin is dict:
        return isinstance(value, dict) and all(fits(one, inner[1], f"{path}/{key}") for key, one in value.items())
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return isinstance(value, kind) or value in {one.value for one in kind}
    if kind is float:
        return type(value) in (int, float)
    if kind in (int, str, bool, type(None)):
        return type(value.value if isinstance(value, enum.Enum) else value) is kind
    if isinstance(value, dict) and hasattr(kind, "from_json"):
        model = kind.from_json(value)
        same(value, written(model), path)
        return fits(model, kind, path)
    return isinstance(value, kind) and whole(value, path)
def whole(model, path):
    for name, kind in typing.get_type_hints(type(model)).items():
        value = getattr(model, name)
        if not fits(value, kind, f"{path}/{name}"):
            faults.append(f"{path}/{name}: {value!r} is no {kind}")
    return True
ours = json.load(sys.stdin)
model = Dashboard.from_json(ours)
same(ours, written(model), "")
whole(model, "")
queries = [target for panel in model.panels for target in panel.targets]
print(json.dumps({"faults": faults, "queries": sorted({type(query).__module__ for query in queries})}))
"#;

fn read(text: &str) -> Value {
    let mut command = Command::new(python());
    command.args(["-c", MODELLED]);
    let (code, said) = read_by(command, text);
    assert_eq!(code, 0, "{said}");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

pub(super) fn modelled(_: &Consumers) {
    let text = dashboard_text();
    let read_as = read(&text);
    assert_eq!(read_as["faults"], Value::Array(Vec::new()), "{read_as:#}");
    // The queries are known as those of Prometheus, and so are looked into.
    assert_eq!(read_as["queries"], serde_json::json!(["grafana_foundation_sdk.models.prometheus"]));
    for (sound, broken) in [
        ("\"schemaVersion\": 39", "\"schemaVersion\": \"39\""),
        ("\"gridPos\"", "\"gridpos\""),
        ("\"expr\"", "\"expression\""),
        ("\"type\": \"datasource\"", "\"type\": \"data source\""),
    ] {
        assert!(text.contains(sound), "{sound}");
        let faults = read(&text.replacen(sound, broken, 1))["faults"].as_array().unwrap().len();
        assert!(faults > 0, "{broken} is taken");
    }
}

pub(super) fn rules(world: &Consumers) {
    let file = world.dir.path().join("rules.yml");
    let check = |expressions: &[String]| {
        let rules: Vec<Value> = expressions
            .iter()
            .enumerate()
            .map(|(number, expression)| serde_json::json!({ "record": format!("panel:{number}"), "expr": expression }))
            .collect();
        let groups = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
        fs::write(&file, groups.to_string()).unwrap();
        let output = Command::new(program("promtool")).args(["check", "rules"]).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    };
    let mut all: Vec<String> = expressions().into_iter().map(|(_, expression)| asked(&expression)).collect();
    let (holds, said) = check(&all);
    assert!(holds && said.contains(&format!("{} rules found", all.len())), "{said}");
    all[0].push(')');
    let (holds, said) = check(&all);
    assert!(!holds, "{said}");
}
