//! Where logs go.

import { RemovalPolicy } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Settings } from "../settings/settings.ts";

export function logGroup(scope: Construct, id: string, logGroupName: string, settings: Settings, key: IKey | undefined): LogGroup {
  const group = new LogGroup(scope, id, {
    logGroupName,
    retention: settings.logRetentionDays,
    removalPolicy: settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...(key && { encryptionKey: key }),
  });
  if (!key) {
    acknowledge(group, { "NIST.800.53.R5-CloudWatchLogGroupEncrypted": "encryption=aws: CloudWatch encrypts with a key of its own; encryption=customer sets one." });
  }
  return group;
}
