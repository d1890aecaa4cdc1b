"""Deploys a template to an emulator of AWS and prints what came of it, as JSON.

Usage: deploy.py URL TEMPLATE PARAMETERS EVENTS
TEMPLATE is a file, PARAMETERS a JSON object, EVENTS a JSON list of [bus, source, detail-type, detail]; a bus of null
is the account's own.

Printed: the stack's status, its resources by logical id as [type, physical id], the variables of its functions, and
the bodies that each queue holds after the events were sent.
"""

import io
import json
import sys
import zipfile

import boto3

STACK = "joiner"
REGION = "eu-central-1"


def client(url, name):
    return boto3.client(
        name, endpoint_url=url, region_name=REGION, aws_access_key_id="emulated", aws_secret_access_key="emulated"
    )


def upload(url, template):
    """Code and template into a bucket: a template of this size is not sent in a request."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "")
    s3 = client(url, "s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="code", Key="function.zip", Body=code.getvalue())
    s3.put_object(Bucket="code", Key="template.json", Body=open(template, "rb").read())
    return f"https://code.s3.{REGION}.amazonaws.com/template.json"


def deploy(url, template, parameters):
    cloudformation = client(url, "cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=upload(url, template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return stack["StackStatus"], {
        resource["LogicalResourceId"]: [resource["ResourceType"], resource["PhysicalResourceId"]]
        for resource in resources
        # The emulator lists one without any name beside those of the template.
        if resource["LogicalResourceId"]
    }


def environments(url):
    """Variables of every function, by its name."""
    pages = client(url, "lambda").get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    return {function["FunctionName"]: function["Environment"]["Variables"] for function in functions}


def detach(url):
    """Takes the functions off their queues: the emulator would run them for each message, and they are empty."""
    functions = client(url, "lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def send(url, events):
    entries = [
        {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), **({"EventBusName": bus} if bus else {})}
        for bus, source, kind, detail in events
    ]
    for entry in entries:
        client(url, "events").put_events(Entries=[entry])


def bodies(url, queue):
    """What a queue holds, each body as the JSON it is."""
    sqs, found = client(url, "sqs"), []
    while True:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return found
        found.extend(json.loads(message["Body"]) for message in messages)
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def main(url, template, parameters, events):
    status, resources = deploy(url, template, json.loads(parameters))
    detach(url)
    send(url, json.loads(events))
    urls = client(url, "sqs").list_queues().get("QueueUrls", [])
    queues = {queue.rsplit("/", 1)[1]: bodies(url, queue) for queue in urls}
    found = {"status": status, "resources": resources, "queues": queues, "environments": environments(url)}
    json.dump(found, sys.stdout)


main(*sys.argv[1:])
