//! What is kept: tables, keys, secrets.

import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Key, KeySpec, KeyUsage, type IKey } from "aws-cdk-lib/aws-kms";
import { Secret, type ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { customerKey } from "../constructs/customer-key.ts";
import type { Settings } from "../settings/settings.ts";

/** The tables of the authorization server. */
export interface OauthTables {
  clients: TableV2;
  codes: TableV2;
  refreshTokens: TableV2;
}

/** What a password may have, but for 0-9 and a-f. */
const NOT_HEXADECIMAL = Array.from({ length: 94 }, (_, n) => String.fromCharCode(33 + n))
  .filter((character) => !/[0-9a-f]/.test(character))
  .join("");

export class DataStack extends Stack {
  /** Where `encryption` is `customer`. */
  readonly key: Key | undefined;
  /** Signs the tokens of the authorization server. */
  readonly signingKey: IKey | undefined;
  readonly oauthTables: OauthTables | undefined;
  /** What is kept of tenants; none reads another's. */
  readonly tenantTable: TableV2 | undefined;
  /** Seals cursors and request state, alike in all instances. */
  readonly stateKey: ISecret;

  readonly #settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    this.#settings = settings;
    const { name } = settings;
    const removal = this.#removal();
    if (settings.encryption === "customer") this.key = customerKey(this, "Key", { alias: `alias/${name}`, removal });

    if (settings.auth === "own") {
      this.signingKey = new Key(this, "SigningKey", {
        alias: `alias/${name}-signing`,
        description: `Signs the access tokens of ${name}`,
        // RS256, which every front door understands.
        keySpec: KeySpec.RSA_2048,
        keyUsage: KeyUsage.SIGN_VERIFY,
        removalPolicy: removal,
      });
      this.oauthTables = {
        clients: this.#table("Clients", "clients", { partition: "clientId" }),
        codes: this.#table("Codes", "auth-codes", { partition: "code" }),
        refreshTokens: this.#table("RefreshTokens", "refresh-tokens", { partition: "refreshToken" }),
      };
    }
    if (settings.perTenant) this.tenantTable = this.#table("Tenants", "tenants", { partition: "tenant_id", sort: "item" });

    const stateKey = new Secret(this, "StateKey", {
      secretName: `${name}/state-key`,
      description: `Seals cursors and request state of ${name}`,
      generateSecretString: { passwordLength: 64, excludeUppercase: true, excludePunctuation: true, excludeCharacters: NOT_HEXADECIMAL },
      removalPolicy: removal,
      ...(this.key && { encryptionKey: this.key }),
    });
    const rotation = "A function reads it when it is deployed: rotate it by a new secret and a deployment. All that it seals is good for minutes.";
    acknowledge(stateKey, { "AwsSolutions-SMG4": rotation, "NIST.800.53.R5-SecretsManagerRotationEnabled": rotation });
    if (!this.key) {
      acknowledge(stateKey, { "NIST.800.53.R5-SecretsManagerUsingKMSKey": "encryption=aws: the key is the account's own for Secrets Manager; encryption=customer sets one." });
    }
    this.stateKey = stateKey;
  }

  #removal(): RemovalPolicy {
    return this.#settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
  }

  #table(id: string, name: string, key: { partition: string; sort?: string }): TableV2 {
    return new TableV2(this, id, {
      tableName: `${this.#settings.name}-${name}`,
      partitionKey: { name: key.partition, type: AttributeType.STRING },
      ...(key.sort && { sortKey: { name: key.sort, type: AttributeType.STRING } }),
      billing: Billing.onDemand(),
      timeToLiveAttribute: "ttl",
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: this.#settings.retainData,
      encryption: this.key ? TableEncryptionV2.customerManagedKey(this.key) : TableEncryptionV2.awsManagedKey(),
      removalPolicy: this.#removal(),
    });
  }
}
