//! The one key that everything is encrypted with where `encryption` is `customer`.

import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";

export function customerKey(scope: Construct, id: string, props: { alias: string; removal: RemovalPolicy }): Key {
  const key = new Key(scope, id, {
    alias: props.alias,
    description: `Encrypts what ${props.alias.replace("alias/", "")} keeps`,
    enableKeyRotation: true,
    removalPolicy: props.removal,
  });
  const { account, region, partition } = Stack.of(scope);
  // In a key's own policy `*` is this key.
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "LogsOfThisAccount",
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
      resources: ["*"],
      conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:*` } },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "AlarmsOfThisAccount",
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": account } },
    }),
  );
  return key;
}
