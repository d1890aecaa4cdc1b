// The app behind `cdk deploy`: one stack, its settings from the context (`-c name=value`, or cdk.json).

import { App, Stack } from 'aws-cdk-lib';
import { Joiner, JoinerProps } from '../lib/joiner';

const app = new App();
const text = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
const list = (name: string): string[] | undefined => text(name)?.split(',').filter((part) => part !== '');

function needed(name: string): string[] {
  const found = list(name);
  if (found === undefined || found.length === 0) throw new Error(`give -c ${name}=..., a list with commas`);
  return found;
}

const stack = new Stack(app, text('stackName') ?? 'joiner', {
  description: 'Joiner: node autoscaling for Amazon EKS with nothing running in the cluster.',
});
const given: Record<string, unknown> = (app.node.tryGetContext('joiner') as Record<string, unknown>) ?? {};
new Joiner(stack, 'Joiner', {
  ...(given as Partial<JoinerProps>),
  clusterNames: needed('clusterNames'),
  nodeRoleNames: needed('nodeRoleNames'),
});
app.synth();
