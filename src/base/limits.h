/* SPDX-License-Identifier: Apache-2.0
 * Every limit on what somebody else can make us hold or do, with its reason. What config may change
 * (`limits:`) is marked (settable); the number here is the default.
 * base: may include nothing.
 */
#ifndef REMIT_BASE_LIMITS_H
#define REMIT_BASE_LIMITS_H

/* HTTP/1.1 heads. nginx holds 4 x 8 kB; no client we know sends more than 8 kB. */
#define LIMIT_HEAD_BYTES (16 * 1024)
#define LIMIT_HEADERS 100            /* fields in one head */
#define LIMIT_TARGET_BYTES (8 * 1024)
#define LIMIT_TRAILER_BYTES (4 * 1024)
#define LIMIT_CHUNK_EXTENSION_BYTES 256 /* extensions are read and thrown away */

/* Paths and queries. */
#define LIMIT_PATH_SEGMENTS 32
#define LIMIT_PATH_PARAMS 8
#define LIMIT_QUERY_PARAMS 64

/* Bodies. */
#define LIMIT_JSON_BODY_BYTES (1024 * 1024)        /* (settable) judged and built-in JSON bodies */
#define LIMIT_UPLOAD_BYTES (25 * 1000 * 1000)      /* document A's media; the file, not the frame */
#define LIMIT_UPLOAD_FRAME_BYTES (64 * 1024)       /* multipart's own lines beside the file */
#define LIMIT_BODY_MEMORY_BYTES (256u * 1024 * 1024) /* (settable) all bodies held at once, else 503 */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_NUMBER_CHARS 64
#define LIMIT_JSON_VALUES 65536 /* of one text: "[]" is 3 bytes sent and 128 once it is parsed */

/* MCP. */
#define LIMIT_MCP_BODY_BYTES (4 * 1024 * 1024) /* (settable) one message to an MCP server; its SDKs take 4 MB */
#define LIMIT_MCP_SUBSCRIPTIONS 1024           /* resources that one stream listens to: each is judged */
#define LIMIT_MCP_ITEM_BYTES (1024 * 1024)     /* one item of a list that came in pieces */

/* Connections. */
#define LIMIT_CONNECTIONS 65536       /* (settable) past it new ones are closed at once */
#define LIMIT_PIPELINE 64             /* answers made in one turn before others get theirs */
#define LIMIT_WORKER_QUEUE 4096       /* exchanges waiting for a worker, else 503 */
#define LIMIT_WORKERS 16              /* threads for what blocks */
#define LIMIT_ANSWER_BACKLOG_BYTES (256 * 1024) /* unsent answer bytes before we stop reading */

/* TLS. A client's first word is under 2 kB, a server's chain of certificates some 5 kB. */
#define LIMIT_TLS_SILENT_BYTES (64 * 1024) /* ciphertext since the last byte of plaintext */

/* HTTP/2. Heads and bodies have the limits of HTTP/1.1. */
#define LIMIT_H2_STREAMS 128          /* of one connection, also those that are reset while a worker is at them */
/* Where the streams of all connections hold more than LIMIT_BODY_MEMORY_BYTES, in heads and in answers that nobody
 * takes: a stranger makes 2 MB of heads out of 4 kB that are sent. Each connection then has as much as in HTTP/1.1. */
#define LIMIT_H2_STREAMS_LEAST 4
#define LIMIT_H2_STREAM_BYTES (5 * 1024) /* that a stream takes beside them */
#define LIMIT_H2_HEAD_DECODED_BYTES (4 * LIMIT_HEAD_BYTES) /* of a head that is refused for its length: HPACK
				       * makes 4 kB of one byte; past it the connection ends */
#define LIMIT_H2_STREAM_WINDOW (256 * 1024) /* of a body, sent before it is asked for or while a handler pauses */
#define LIMIT_H2_CONNECTION_WINDOW (1024 * 1024) /* on their way; one stream's pause costs the others nothing */
#define LIMIT_H2_STREAM_BACKLOG_BYTES (64 * 1024) /* of an answer made bit by bit, written and not sent */
#define LIMIT_H2_STREAM_BACKLOG_LEAST (16 * 1024) /* the same where the connection holds much already */
#define LIMIT_H2_BACKLOG_BYTES (4 * 1024 * 1024) /* all answers' unsent bytes before new requests wait */
#define LIMIT_H2_ACKS 128             /* of PING and SETTINGS, waiting for a client that reads nothing */
/* Frames that ask for nothing (PING, SETTINGS, PRIORITY, tiny DATA, WINDOW_UPDATE beyond what was sent): so
 * many at once, then so many a second. A reset stream counts as some of them (CVE-2023-44487). */
#define LIMIT_H2_IDLE_FRAMES 2000
#define LIMIT_H2_IDLE_FRAMES_PER_S 200
#define LIMIT_H2_RESET_COST 10
#define LIMIT_H2_NOISE_BYTES (1024 * 1024) /* received, and eight times more than requests and answers */
#define LIMIT_H2_SMALL_DATA_BYTES 256 /* DATA of fewer bytes is such a frame */

/* Time-outs, milliseconds (settable). */
#define LIMIT_HEAD_MS 10000           /* from a head's first byte to its last */
#define LIMIT_IDLE_MS 75000           /* between exchanges on one connection */
#define LIMIT_BODY_MS 30000           /* between two reads of a body */
#define LIMIT_BODY_TOTAL_MS 300000    /* a whole body */
#define LIMIT_WRITE_MS 30000          /* between two writes that made progress */
#define LIMIT_DRAIN_MS 20000          /* from SIGTERM to closing what is left */

/* Upstreams. */
#define LIMIT_UPSTREAM_CONNECT_MS 5000 /* (settable) for a connection to stand */
#define LIMIT_UPSTREAM_HEAD_MS 60000   /* (settable) from a request's last progress to the answer's head */
#define LIMIT_UPSTREAM_BODY_MS 300000  /* (settable) between two reads of an answer's body */
#define LIMIT_UPSTREAM_IDLE_MS 4000    /* an idle connection is kept; node closes its own after 5 s */
#define LIMIT_UPSTREAM_IDLE 128        /* idle connections kept by each loop for each address */
#define LIMIT_UPSTREAM_DOWN_MS 2000    /* an address that took no connection is left alone for so long */
#define LIMIT_UPSTREAM_INTERIM 8       /* 1xx before one answer */

/* Calls to others' servers: webhooks, networks, feeds, media from a URL. */
#define LIMIT_OUTBOUND_URL_BYTES 4096       /* MAX_URL and what a redirect may add */
#define LIMIT_OUTBOUND_HEAD_BYTES (32 * 1024) /* of an answer */
#define LIMIT_OUTBOUND_ADDRESSES 16         /* of one name */
#define LIMIT_OUTBOUND_RESOLVERS 16         /* threads that ask for names */
#define LIMIT_OUTBOUND_LOOKUPS 1024         /* names waiting for one */
#define LIMIT_OUTBOUND_RUNNING 256          /* calls at once */
#define LIMIT_OUTBOUND_WAITING 4096         /* calls waiting for their turn */
#define LIMIT_OUTBOUND_IDLE 64              /* connections kept for the next call */
#define LIMIT_MEDIA_FETCHES 4               /* media from a URL at once: each holds a worker and its bytes */
#define LIMIT_MEDIA_FETCH_MS 60000          /* one of them, with its redirects */
#define LIMIT_MEDIA_REDIRECTS 5
#define LIMIT_DETECTORS 100                 /* of one project */

/* Policy. */
#define LIMIT_SCOPES 4096             /* in one vocabulary */
#define LIMIT_SCOPE_NAME 128
#define LIMIT_RULES 65536
#define LIMIT_WHENS 16                /* conditions of one rule */
#define LIMIT_ALTERNATIVES 16         /* of one `any` */
#define LIMIT_PROFILE_BYTES (4 * 1024 * 1024)
#define LIMIT_POLICY_IMAGE_BYTES (16 * 1024 * 1024) /* the compiled form of a profile */
#define LIMIT_YAML_DEPTH 16

/* Files of a site and of its tokens, read as small trees (wire/yaml_tree.h). */
#define LIMIT_YAML_FILE_BYTES (1024 * 1024)
#define LIMIT_YAML_NODES 65536
#define LIMIT_SHELF_TOKENS 200000       /* files of one folder of tokens: about 1 kB of memory each */
#define LIMIT_SITE_USERS 100000         /* of one site */
#define LIMIT_SITE_PERMISSIONS 65536    /* of all its roles */

/* Content: a site's files. What is larger is told of and left alone. */
#define LIMIT_CONTENT_FILE_BYTES (4 * 1024 * 1024)
#define LIMIT_CONTENT_SCALAR_BYTES (512 * 1024) /* one text of a file's YAML; a body may fill the file */
#define LIMIT_CONTENT_NODES 100000 /* values of one file: "- " is 2 bytes in it and 72 in memory */
#define LIMIT_CONTENT_FILES 500000 /* of one site's index: some 1.6 kB each */
#define LIMIT_CONTENT_FILTERS 32   /* of one list */
#define LIMIT_CONTENT_FOLDERS 16   /* within each other */
#define LIMIT_CONTENT_DEPTH 64     /* a set in a set in a set: three levels each */

/* OpenAPI documents, which `remit init` reads. GitHub's is 13 MB. */
#define LIMIT_OPENAPI_BYTES (64u * 1024 * 1024)
#define LIMIT_OPENAPI_OPERATIONS LIMIT_RULES
#define LIMIT_OPENAPI_NODES (4u * 1024 * 1024) /* of one in YAML */
#define LIMIT_OPENAPI_GROUPS 2000              /* tags: each gives two scopes */
#define LIMIT_OPENAPI_REFS 16                  /* references that lead to references */

/* Keys and proofs of possession (RFC 9449). */
#define LIMIT_DPOP_BYTES 4096         /* of one proof; with a key of RSA-4096 it is 2.5 kB */
#define LIMIT_DPOP_JTI_BYTES 256
#define LIMIT_DPOP_AGE_S 60           /* its iat from now, either way */
#define LIMIT_DPOP_REMEMBERED (1u << 20) /* proofs that must not come again, by one process: of calls, and as many of
					 * requests for tokens, which are apart so that strangers fill only theirs. 40 MB
					 * each, where they are full: that is 8000 to 17000 a second */
#define LIMIT_JWK_RSA_BYTES 512       /* a modulus of 4096 bits: 100 us to verify; of 16384, 1.3 ms */
#define LIMIT_JWK_RSA_LEAST 256       /* 2048 bits */
#define LIMIT_JWK_RSA_EXPONENT 4      /* bytes */

/* Clients whose id is the URL of a document: anybody can make us read one. */
#define LIMIT_CIMD_URL_BYTES 2048
#define LIMIT_CIMD_BYTES (16 * 1024)  /* the draft advises 5 kB */
#define LIMIT_CIMD_FETCHES 4          /* at once: each holds a worker */
#define LIMIT_CIMD_FETCH_MS 5000
#define LIMIT_CIMD_AGAIN_S 10         /* then an address that failed may be tried again */
#define LIMIT_CIMD_FRESH_S 3600       /* where its server does not say how long */
#define LIMIT_CIMD_FRESH_LEAST_S 300  /* whatever it says: nobody's server is called more often for one client */
#define LIMIT_CIMD_FRESH_MOST_S 86400
#define LIMIT_CIMD_STALE_S 86400      /* used on where its server is out of reach, so that connected clients stay so */

/* People, projects, tokens. */
#define LIMIT_NAME_CHARS 255          /* D13 */
#define LIMIT_EMAIL_BYTES 254         /* RFC 5321 with brackets off */
#define LIMIT_REASON_BYTES 1000
#define LIMIT_CEILING_BYTES 65536     /* of a token of Remit's own API: every scope of several APIs fits many times */
#define LIMIT_RATE_PER_MINUTE 60000

/* The authorization server. */
#define LIMIT_OAUTH_BODY_BYTES (16 * 1024)    /* a form or a registration: the largest that we saw has 2 kB */
#define LIMIT_OAUTH_STATE_BYTES 2048          /* what a client gets back with its code */
#define LIMIT_OAUTH_CODE_MS 60000             /* from Approve to the token request */
#define LIMIT_OAUTH_ACCESS_MS 3600000         /* an access token that can be refreshed, or asked for again */
#define LIMIT_OAUTH_ACCESS_ALONE_MS 43200000  /* (settable) one without a refresh token: a working day */
#define LIMIT_OAUTH_REFRESH_MS INT64_C(7776000000) /* a refresh token that nobody uses: 90 days */
#define LIMIT_OAUTH_REPEAT_MS 30000           /* a used refresh token gives the same again: lost answers, parallel calls */
#define LIMIT_OAUTH_PUSHED_MS 90000
#define LIMIT_OAUTH_PUSHED 1000               /* of one client, waiting */
#define LIMIT_OAUTH_DEVICE_MS 600000
#define LIMIT_OAUTH_DEVICE_INTERVAL_MS 5000   /* RFC 8628 section 3.2 */
#define LIMIT_OAUTH_DEVICES 1000              /* of one client, waiting */
#define LIMIT_OAUTH_FAMILY_TOKENS 100         /* living access tokens of one approval */
#define LIMIT_OAUTH_CHILDREN 1000             /* living ones that one token was exchanged for */
#define LIMIT_OAUTH_EXCHANGE_DEPTH 4          /* children of children */
#define LIMIT_OAUTH_REDIRECTS 10              /* of one client */
#define LIMIT_OAUTH_CLIENTS 200000            /* that made themselves known; past it the oldest unused one goes */
#define LIMIT_OAUTH_UNUSED_MS 86400000        /* then such a one is forgotten, where nobody granted it anything */
#define LIMIT_OAUTH_ENDED_MS 86400000         /* how long what has run out is kept, so that its use is seen */

/* Audit. */
#define LIMIT_AUDIT_RING 8192         /* records waiting per loop, then gaps are counted */
/* Records of what costs its sender nothing (no good token, or one beyond its rate) that each loop adds to
 * the log, so that nobody can push the others' records out of it: so many at once, then so many a second. */
#define LIMIT_AUDIT_IDLE_BURST 8192
#define LIMIT_AUDIT_IDLE_PER_S 10
#define LIMIT_AUDIT_NAMES (1u << 20)   /* operations that one process may ever have had, over all changes of config */
#define LIMIT_AUDIT_SEGMENT_BYTES (64 * 1024 * 1024)

#endif
