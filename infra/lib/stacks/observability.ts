//! What is watched, and who is told.

import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Dashboard, GraphWidget, Metric, Stats, TreatMissingData, type IAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Subscription, SubscriptionProtocol, Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { functionName } from "../names.ts";
import type { Settings } from "../settings/settings.ts";
import type { ApiStack } from "./api.ts";

const PERIOD = Duration.minutes(5);

export class ObservabilityStack extends Stack {
  readonly topic: Topic;
  readonly alarms: IAlarm[] = [];
  readonly #settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings, api: ApiStack, key: IKey | undefined, props: StackProps) {
    super(scope, id, props);
    this.#settings = settings;
    this.topic = new Topic(this, "Alarms", { topicName: `${settings.name}-alarms`, enforceSSL: true, ...(key && { masterKey: key }) });
    if (!key) {
      const why = "encryption=aws: what it carries is names of alarms and figures, and CloudWatch cannot publish to a topic with the key that AWS manages; encryption=customer sets one.";
      acknowledge(this.topic, { "AwsSolutions-SNS2": why, "NIST.800.53.R5-SNSEncryptedKMS": why });
    }
    if (settings.alarmEmail) new Subscription(this, "Email", { topic: this.topic, protocol: SubscriptionProtocol.EMAIL, endpoint: settings.alarmEmail });

    const timeoutMs = settings.timeoutSeconds * 1000;
    const ofFunction = (metricName: string, statistic: string) =>
      new Metric({ namespace: "AWS/Lambda", metricName, statistic, period: PERIOD, dimensionsMap: { FunctionName: functionName(settings, "mcp") } });
    const front = api.fronts[0]!;
    const ofApi = (metricName: string, statistic: string) => new Metric({ namespace: "AWS/ApiGateway", metricName, statistic, period: PERIOD, dimensionsMap: front.metrics });

    const errors = ofFunction("Errors", Stats.SUM);
    const duration = ofFunction("Duration", Stats.p(99));
    const throttles = ofFunction("Throttles", Stats.SUM);
    const failures = ofApi(settings.frontDoor === "rest" ? "5XXError" : "5xx", Stats.SUM);
    const latency = ofApi("Latency", Stats.p(99));
    this.#alarm("Errors", errors, 5, "Requests fail in the function. Its log says why.");
    this.#alarm("Duration", duration, timeoutMs * 0.8, "Requests take nearly as long as they may. A stream counts for as long as it is open.");
    this.#alarm("Throttles", throttles, 5, "Requests are turned away: too many at once. See reservedConcurrency and the account's limit.");
    this.#alarm("5xx", failures, 10, "The API answers that something is wrong on our side. Compare the function's errors and the authorizer's.");
    this.#alarm("Latency", latency, timeoutMs * 0.9, "Answers take nearly as long as they may, all in all.");

    new Dashboard(this, "Dashboard", {
      dashboardName: settings.name,
      widgets: [
        [
          new GraphWidget({ title: "Requests", left: [ofApi("Count", Stats.SUM)], right: [failures] }),
          new GraphWidget({ title: "How long", left: [latency, duration, ofApi("Latency", Stats.p(50))] }),
        ],
        [
          new GraphWidget({ title: "The function", left: [ofFunction("Invocations", Stats.SUM)], right: [errors, throttles] }),
          new GraphWidget({ title: "At once", left: [ofFunction("ConcurrentExecutions", Stats.MAXIMUM)] }),
        ],
      ],
    });
  }

  #alarm(name: string, metric: Metric, threshold: number, alarmDescription: string): void {
    const alarm = new Alarm(this, name, {
      alarmName: `${this.#settings.name}-${name.toLowerCase()}`,
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.alarms.push(alarm);
  }
}
