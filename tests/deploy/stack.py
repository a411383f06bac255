"""Reads `template.yaml` as CloudFormation gets it, and the Terraform module as data."""

import copy
import functools
import os
import pathlib
import re

import hcl2
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

ROOT = pathlib.Path(__file__).resolve().parents[2]
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::NoValue": None,
    "AWS::Partition": "aws",
    "AWS::Region": "ap-northeast-1",
}


@functools.lru_cache(maxsize=None)
def template():
    """Returns the template after the SAM transform: plain CloudFormation."""
    os.environ.setdefault("AWS_DEFAULT_REGION", PSEUDO["AWS::Region"])
    source = yaml_parse((ROOT / "template.yaml").read_text())
    # The transform takes code that is uploaded already, which is what `sam deploy` hands to it.
    source["Resources"]["Function"]["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    return transform(source, {}, NoManagedPolicies())


class NoManagedPolicies:
    def load(self):
        return {}


def deployed(**parameters):
    """Returns the resources of a stack with these parameters: what is made, every value resolved as far as it can be."""
    given = {name: each.get("Default") for name, each in template()["Parameters"].items()}
    given.update({"Stage": "staging", "ClusterName": "shop"}, **parameters)
    return Stack(copy.deepcopy(template()), given).resources()


class Stack:
    """The intrinsic functions that the template uses."""

    def __init__(self, document, parameters):
        self.document = document
        self.values = {**PSEUDO, **parameters}

    def resources(self):
        wanted = self.document["Resources"].items()
        return {name: self.resolve(each) for name, each in wanted if self.holds(each.get("Condition"))}

    def holds(self, condition):
        return condition is None or self.resolve(self.document["Conditions"][condition])

    def resolve(self, value):
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name in ("Ref", "Condition") and isinstance(argument, str):
                return self.values.get(argument, argument) if name == "Ref" else self.holds(argument)
            if name.startswith("Fn::"):
                return getattr(self, name[len("Fn::"):].lower() + "_")(argument)
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not None}

    def if_(self, argument):
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def equals_(self, argument):
        left, right = map(self.resolve, argument)
        return left == right

    def not_(self, argument):
        return not self.resolve(argument[0])

    def and_(self, argument):
        return all(map(self.resolve, argument))

    def or_(self, argument):
        return any(map(self.resolve, argument))

    def getatt_(self, argument):
        return argument if isinstance(argument, str) else ".".join(argument)

    def sub_(self, argument):
        text, local = argument if isinstance(argument, list) else (argument, {})
        names = {**self.values, **{name: self.resolve(each) for name, each in local.items()}}
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(names.get(found[1], found[1])), text)


def of_type(resources, kind):
    """Returns the properties of the resources of one type, by their names in the template."""
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


@functools.lru_cache(maxsize=None)
def module():
    """Returns the blocks of the Terraform module: kind of block, then the blocks in order."""
    blocks = {}
    for file in sorted((ROOT / "terraform").glob("*.tf")):
        with open(file) as text:
            for kind, found in plain(hcl2.load(text)).items():
                blocks.setdefault(kind, []).extend(found)
    return blocks


def plain(value):
    """Takes the parser's quotes and notes away: what is left is text as written, expressions as `${...}`."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def blocks(kind):
    """Returns the blocks with two labels, such as resources: `[(type, name, body)]`."""
    return [(label, name, body) for each in module()[kind] for label, named in each.items() for name, body in named.items()]


def local(name):
    """Returns a local value of the module as written."""
    return next(each[name] for each in module()["locals"] if name in each)
