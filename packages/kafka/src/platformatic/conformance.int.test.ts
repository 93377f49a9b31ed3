import { inject } from 'vitest';
import { acknowledgementContract } from '../conformance/acknowledgement-contract.ts';
import { consumerContract } from '../conformance/consumer-contract.ts';
import { groupContract } from '../conformance/group-contract.ts';
import { lifecycleContract } from '../conformance/lifecycle-contract.ts';
import { producerContract } from '../conformance/producer-contract.ts';
import { connectKafka } from './connect-kafka.ts';

const adapter = { name: 'platformatic', connect: connectKafka };

producerContract(adapter, () => inject('kafkaBrokers'));
consumerContract(adapter, () => inject('kafkaBrokers'));
lifecycleContract(adapter, () => inject('kafkaBrokers'));
groupContract(adapter, () => inject('kafkaBrokers'));
acknowledgementContract(adapter, () => inject('kafkaBrokers'));
