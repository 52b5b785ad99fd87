import {
  answerSchemas,
  describeIssues,
  type HostFrame,
  MAX_UNANSWERED_QUERIES,
  ProtocolFault,
  type Query,
  type Reply,
  type SidecarFrame,
} from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { startDeadline } from './deadline.js';
import { type Deferred, deferred } from './deferred.js';
import { AnswerTimeoutError, QueryFailedError, type SidecarError } from './errors.js';
import type { Ids } from './ids.js';

/** What a question is about. */
export type Topic = keyof typeof answerSchemas;

/** The answer to a question, by its topic. */
export type Answer<What extends Topic> = ReturnType<(typeof answerSchemas)[What]['parse']>;

type AnswerFrame = Extract<SidecarFrame, { type: 'reply' | 'pong' }>;

export interface QueryTableOptions {
  readonly ids: Ids;
  /** How long a question may wait for its answer, in ms. */
  readonly answerTimeoutMs: number;
  /** Why no more questions are taken; undefined while they are. */
  readonly refusal: () => SidecarError | undefined;
  /** Keeps the host alive until the returned function is called. */
  readonly hold: () => () => void;
}

interface Question {
  readonly frame: { readonly type: 'query'; readonly body: Query } | { readonly type: 'ping'; readonly body: object };
  readonly answer: Deferred<Record<string, unknown>>;
}

/**
 * The questions that have no answer yet. Beyond the 64 that the protocol allows they wait here, and while there is no
 * sidecar to ask.
 */
export class QueryTable {
  readonly #options: QueryTableOptions;
  readonly #waiting = new Set<Question>();
  readonly #sent = new Map<number, Question>();
  #send: ((frame: HostFrame) => void) | undefined;

  constructor(options: QueryTableOptions) {
    this.#options = options;
  }

  /** Asks this sidecar from now on, first what waits. */
  attach(send: (frame: HostFrame) => void): void {
    this.#send = send;
    this.#advance();
  }

  /** Asks nothing until another sidecar is attached. */
  suspend(): void {
    this.#send = undefined;
  }

  has(id: number): boolean {
    return this.#sent.has(id);
  }

  /** Asks a question. @throws QueryFailedError where the sidecar says that it cannot answer */
  async ask<What extends Topic>(query: Query & { what: What }, signal?: AbortSignal): Promise<Answer<What>> {
    const reply: Reply = await this.#exchange({ type: 'query', body: query }, signal);
    const parsed = answerSchemas[query.what].safeParse(reply);
    if (parsed.success) return parsed.data as Answer<What>;
    throw new QueryFailedError(query.what, reply.error!);
  }

  /** Asks for a sign of life. */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#exchange({ type: 'ping', body: {} }, signal);
  }

  /** @throws ProtocolFault where nobody has asked, or the answer is not one to the question */
  receive({ type, id, body }: AnswerFrame): void {
    const question = this.#sent.get(id);
    if (!question || (type === 'pong') !== (question.frame.type === 'ping')) {
      throw new ProtocolFault('unexpected_frame', `${type} came for id ${id}, which has not asked for it`);
    }
    if (question.frame.type === 'query') assertAnswers(question.frame.body.what, body);
    this.#sent.delete(id);
    question.answer.resolve(body);
    this.#advance();
  }

  /** The sidecar is gone, and with it the answers to what it was asked. */
  lose(toError: () => SidecarError): void {
    const questions = [...this.#sent.values()];
    this.#sent.clear();
    for (const { answer } of questions) answer.reject(toError());
  }

  /** No answer will come any more. */
  fail(toError: () => SidecarError): void {
    this.lose(toError);
    const questions = [...this.#waiting];
    this.#waiting.clear();
    for (const { answer } of questions) answer.reject(toError());
  }

  async #exchange(frame: Question['frame'], signal?: AbortSignal): Promise<Record<string, unknown>> {
    signal?.throwIfAborted();
    const refusal = this.#options.refusal();
    if (refusal) throw refusal;
    const release = this.#options.hold();
    const question: Question = { frame, answer: deferred() };
    const giveUp = (error: unknown) => {
      this.#waiting.delete(question);
      question.answer.reject(error);
    };
    const { answerTimeoutMs } = this.#options;
    const what = frame.type === 'query' ? frame.body.what : frame.type;
    const deadline = startDeadline(answerTimeoutMs, () => giveUp(new AnswerTimeoutError(what, answerTimeoutMs)));
    const unwatch = onAbort(signal, () => giveUp(signal?.reason));
    this.#waiting.add(question);
    this.#advance();
    try {
      return await question.answer.promise;
    } finally {
      deadline.clear();
      unwatch();
      release();
    }
  }

  #advance(): void {
    for (const question of this.#waiting) {
      if (!this.#send || this.#sent.size >= MAX_UNANSWERED_QUERIES) return;
      this.#waiting.delete(question);
      const id = this.#options.ids.next();
      this.#sent.set(id, question);
      this.#send({ ...question.frame, id } as HostFrame);
    }
  }
}

function assertAnswers(what: Topic, reply: Reply): void {
  const parsed = answerSchemas[what].safeParse(reply);
  if (parsed.success || reply.error) return;
  throw new ProtocolFault('invalid_body', describeIssues(parsed.error, `reply to '${what}'`));
}
