"""Prints YAML files as one JSON object by path: what they say, and templates for SAM also as CloudFormation gets them.

Usage: as_json.py FILE ...
"""

import json
import sys

import yaml
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# Where the code of functions lies once it is packaged; the emulator is given a bucket of that name.
CODE = "s3://code/function.zip"


def transformed(template):
    """The template as SAM's transform hands it to CloudFormation, its code packaged."""
    template["Globals"]["Function"]["CodeUri"] = CODE
    return Translator({}, Parser()).translate(template, {})


def read(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if "AWSTemplateFormatVersion" not in text:
        return {"documents": list(yaml.safe_load_all(text))}
    found = {"documents": [yaml_parse(text)]}
    if "Transform" in found["documents"][0]:
        found["transformed"] = transformed(yaml_parse(text))
    return found


json.dump({path: read(path) for path in sys.argv[1:]}, sys.stdout)
