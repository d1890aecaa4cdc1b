// Joiner as a construct: what is in infra/template.yaml, with its parameters as properties.
//
// Nothing is defined here. Resources come from the template; a property sets the default of the parameter of the
// same name, so what is deployed reads like the template does. Only the code of the functions is replaced: SAM
// builds it, the CDK takes it built.

import * as path from 'node:path';
import { aws_iam as iam, aws_s3_assets as assets, aws_sam as sam } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { Construct } from 'constructs';

/** The functions by their names in the template, with the binary each runs. */
export const FUNCTIONS = {
  Relay: 'joiner-relay',
  Tick: 'joiner-relay',
  Provision: 'joiner-provision',
  Lifecycle: 'joiner-lifecycle',
  Interrupt: 'joiner-interrupt',
  Disrupt: 'joiner-disrupt',
  Terminate: 'joiner-terminate',
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

/** Parameters of the template; the template says what each means and what it is by default. */
export interface JoinerProps {
  /** EKS clusters of this account and region. */
  readonly clusterNames: string[];
  /** Names of the IAM roles nodes run as. */
  readonly nodeRoleNames: string[];
  /** Clusters of other accounts: name to role ARN. */
  readonly clusterRoles?: Record<string, string>;
  /** Numbers of their accounts, which may forward what EC2 announces there. */
  readonly clusterAccounts?: string[];
  readonly createNodeRole?: boolean;
  readonly accessEntries?: boolean;
  readonly eventSource?: 'watch' | 'audit' | 'poll';
  readonly relayOutlet?: 'bus' | 'queues';
  readonly batchIdleDuration?: string;
  readonly batchMaxDuration?: string;
  readonly preferencePolicy?: 'Respect' | 'Ignore';
  readonly minValuesPolicy?: 'Strict' | 'BestEffort';
  readonly featureGates?: Record<string, boolean>;
  readonly consolidation?: 'several' | 'reference';
  readonly vmMemoryOverheadPercent?: number;
  readonly reservedEnis?: number;
  readonly subnetIds?: string[];
  readonly securityGroupIds?: string[];
  readonly isolatedVpc?: boolean;
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly logRetentionDays?: number;
  readonly alarms?: boolean;
  readonly alarmTopicArn?: string;
  readonly dashboard?: boolean;
  readonly tracing?: 'Active' | 'PassThrough';
  readonly relayMemory?: number;
  readonly decisionMemory?: number;
  /** Folder with the built functions, as `cargo lambda build` leaves them. */
  readonly binaries?: string;
}

type Value = string | number | boolean | string[] | Record<string, string | boolean>;

/** A value as a parameter of CloudFormation is written. */
function written(value: Value): string {
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object') return Object.entries(value).map(([name, of]) => `${name}=${of}`).join(',');
  return String(value);
}

/** The name of a property as a parameter. */
function parameterOf(property: string): string {
  return property.charAt(0).toUpperCase() + property.slice(1);
}

export class Joiner extends Construct {
  /** The template; every resource in it can be reached by its name there. */
  readonly template: CfnInclude;

  constructor(scope: Construct, id: string, props: JoinerProps) {
    super(scope, id);
    const { binaries, ...parameters } = props;
    this.template = new CfnInclude(this, 'Template', {
      templateFile: path.join(repository(), 'infra', 'template.yaml'),
    });
    for (const [property, value] of Object.entries(parameters)) {
      if (value === undefined) continue;
      this.template.getParameter(parameterOf(property)).default = written(value);
    }
    const built = binaries ?? path.join(repository(), 'target', 'lambda');
    for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
      const code = new assets.Asset(this, `${name}Code`, { path: path.join(built, FUNCTIONS[name]) });
      this.function(name).codeUri = { bucket: code.s3BucketName, key: code.s3ObjectKey };
    }
  }

  /** A function. */
  function(name: FunctionName): sam.CfnFunction {
    return this.template.getResource(name) as sam.CfnFunction;
  }

  /** The role of a function, to give it access to clusters defined elsewhere in the app. */
  role(name: Exclude<FunctionName, 'Tick'>): iam.CfnRole {
    return this.template.getResource(`${name}Role`) as iam.CfnRole;
  }
}

/** The root of the repository, seen from the compiled file or from its source. */
function repository(): string {
  const infra = __dirname.split(path.sep).lastIndexOf('infra');
  return __dirname.split(path.sep).slice(0, infra).join(path.sep) || path.sep;
}
