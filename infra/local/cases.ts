//! Support cases, from files in S3 through a table in Glue and a query of Athena to an answer of the deployed API.

import assert from "node:assert/strict";
import type { Aws } from "./aws.ts";
import { Deployment } from "./deployment.ts";
import type { Context, Step } from "./scenarios.ts";

const lake = {
  workGroup: "CaseInsights-e2e",
  database: "case_insights_e2e",
  dataBucket: "s3-e2e-caseprocessed",
  resultsBucket: "s3-e2e-athena-results",
  models: ["amazon.nova-lite-v1:0"],
};

const columns = ["account_number", "case_number", "servicecode", "severitycode", "timecreated", "case_summary", "rca_category"];
const rows = [
  ["012345678901", "170000000000001", "aws-lambda", "critical", "2026-11-02T10:00:00Z", "Functions were throttled.", "Throttling"],
  ["012345678901", "170000000000002", "aws-lambda", "low", "2026-11-03T10:00:00Z", null, "Customer Question"],
  ["111122223333", "170000000000003", "amazon-dynamodb", "high", "2026-11-04T10:00:00Z", "A table was hot.", "Throttling"],
];

/** What a case-insights deployment has: its buckets, its table and its work group. */
async function fill(aws: Aws): Promise<void> {
  const lines = rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, row[index]]))));
  const put = await aws.put(lake.dataBucket, "cases/data.json", Buffer.from(lines.join("\n")));
  assert.equal(put.status, 200, put.text);
  await aws.put(lake.resultsBucket, "empty", Buffer.from(" "));
  const made = [
    await aws.json("glue", "AWSGlue.CreateDatabase", { DatabaseInput: { Name: lake.database } }),
    await aws.json("glue", "AWSGlue.CreateTable", {
      DatabaseName: lake.database,
      TableInput: {
        Name: "case_summary",
        TableType: "EXTERNAL_TABLE",
        StorageDescriptor: {
          Columns: columns.map((Name) => ({ Name, Type: "string" })),
          Location: `s3://${lake.dataBucket}/cases/`,
          InputFormat: "org.apache.hadoop.mapred.TextInputFormat",
          SerdeInfo: { SerializationLibrary: "org.openx.data.jsonserde.JsonSerDe" },
        },
      },
    }),
    await aws.json("athena", "AmazonAthena.CreateWorkGroup", {
      Name: lake.workGroup,
      Configuration: { ResultConfiguration: { OutputLocation: `s3://${lake.resultsBucket}/` }, BytesScannedCutoffPerQuery: 10_000_000 },
    }),
  ];
  for (const answer of made) assert.equal(answer.status, 200, answer.text);
}

/**
 * Lets the function look at its queries, as the work group of its policy does at AWS: MiniStack does not know in which a
 * query was begun, and asks IAM about all of them. It also asks for `bedrock:Converse`, where AWS asks for
 * `bedrock:InvokeModel`.
 */
async function letLook(aws: Aws): Promise<void> {
  const roles = await aws.query("iam", { Action: "ListRoles", Version: "2010-05-08" });
  const names = [...roles.text.matchAll(/<RoleName>([^<]+)<\/RoleName>/g)].map((match) => match[1]!);
  const role = names.find((name) => /^cases-.*mcp/i.test(name));
  assert.ok(role, names.join(" "));
  const actions = ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution", "bedrock:Converse"];
  const put = await aws.query("iam", {
    Action: "PutRolePolicy",
    Version: "2010-05-08",
    RoleName: role,
    PolicyName: "look",
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] }),
  });
  assert.equal(put.status, 200, put.text);
}

export async function cases({ ministack, aws }: Context, step: Step): Promise<void> {
  await fill(aws);
  const deployment = new Deployment(ministack, { name: "cases", auth: "iam", cases: lake });
  await deployment.deploy();
  await letLook(aws);
  step("all stacks are deployed, beside cases that were there before");

  const caller = await aws.user("case-reader", [deployment.outputs["UserAccessPolicyArn"]!]);
  const tool = async (name: string, args: object) => {
    const answer = await deployment.call("tools/call", { name, arguments: args }, undefined, caller);
    assert.equal(answer.status, 200, answer.text);
    return answer.text;
  };
  const counted = await tool("query_athena", { query: "SELECT rca_category, count(*) AS n FROM case_summary GROUP BY 1 ORDER BY 2 DESC" });
  assert.match(counted, /Throttling/);
  assert.doesNotMatch(counted, /"isError":true/);
  step("a principal → the API → mcp, whose role may → Athena → Glue → files in S3");

  assert.match(await tool("query_athena", { query: "DROP TABLE case_summary" }), /sql_refused/);
  const after = await tool("query_athena", { query: "SELECT count(*) AS n FROM case_summary WHERE case_summary IS NULL" });
  assert.match(after, /1/);
  step("what does not read is refused, and all is still there");

  const said = await tool("analyze_with_bedrock", { data: "Two cases of throttling.", analysis_prompt: "What is it about?" });
  assert.doesNotMatch(said, /"isError":true/);
  step("a model of Bedrock, which the role may ask, is asked");

  await deployment.destroy();
  step("destroyed");
}
