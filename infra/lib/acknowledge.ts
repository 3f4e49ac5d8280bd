//! Findings of cdk-nag that are as they should be, said beside what they are about.

import { Stack, Validations } from "aws-cdk-lib";
import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";

/** `findings` are rule ids (with the finding in brackets where there is one) and the reasons. */
export function acknowledge(construct: IConstruct, findings: Record<string, string>): void {
  for (const [id, reason] of Object.entries(findings)) Validations.of(construct).acknowledge({ id, reason });
}

const reasons = new WeakMap<PolicyStatement, string>();

/** A statement with a `*` in its resources, and why it is there. */
export function because(reason: string, statement: PolicyStatement): PolicyStatement {
  reasons.set(statement, reason);
  return statement;
}

/** Each `*` of a policy that was given a reason; one without stays a finding. */
export function acknowledgeWildcards(policy: IConstruct, statements: PolicyStatement[]): void {
  for (const statement of statements) {
    const reason = reasons.get(statement);
    if (!reason) continue;
    for (const resource of statement.resources.map((arn) => flat(Stack.of(policy).resolve(arn)))) {
      if (resource.includes("*")) acknowledge(policy, { [`AwsSolutions-IAM5[Resource::${resource}]`]: reason });
    }
  }
}

/** An ARN as cdk-nag writes it: what is known at deployment only is in angle brackets. */
function flat(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const [[name, argument] = []] = Object.entries(value);
  if (name === "Ref") return `<${String(argument)}>`;
  if (name === "Fn::GetAtt") return `<${(argument as string[]).join(".")}>`;
  if (name === "Fn::ImportValue") return flat(argument);
  const [separator, parts] = argument as [string, unknown[]];
  return parts.map(flat).join(separator);
}
