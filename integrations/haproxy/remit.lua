-- SPDX-License-Identifier: Apache-2.0
-- http-request lua.remit URL: asks Remit whether the request may pass. HAProxy 2.6 or later.

local IDENTITY = { "remit-user", "remit-token-id", "remit-project", "remit-scopes", "remit-request-id" }
local PASSED_ON = { "www-authenticate", "retry-after", "remit-request-id",
    "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset" }
-- What belongs to the client's connection or body, or is set below.
local NOT_SENT = { ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["te"] = true,
    ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true, ["content-length"] = true,
    ["expect"] = true, ["host"] = true, ["x-original-method"] = true, ["x-original-uri"] = true,
    ["x-forwarded-method"] = true, ["x-forwarded-uri"] = true, ["x-forwarded-host"] = true,
    ["x-forwarded-for"] = true }

local function refuse(txn, status, body, from)
    local reply = txn:reply()
    reply:set_status(status)
    reply:add_header("content-type", "application/json")
    reply:add_header("cache-control", "no-store")
    for _, name in ipairs(PASSED_ON) do
        for _, value in pairs(from[name] or {}) do
            reply:add_header(name, value)
        end
    end
    reply:set_body(body)
    txn:done(reply)
end

local function ask(txn, url)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        name = name:lower()
        if name == "host" then
            headers["x-forwarded-host"] = { values[0] }
        elseif not NOT_SENT[name] then
            headers[name] = {}
            for _, value in pairs(values) do
                table.insert(headers[name], value)
            end
        end
    end
    headers["x-original-method"] = { txn.f:method() }
    headers["x-original-uri"] = { txn.f:pathq() }
    headers["x-forwarded-for"] = { txn.f:src() }
    return core.httpclient():get{ url = url, headers = headers, timeout = 5000 }
end

core.register_action("remit", { "http-req" }, function(txn, url)
    local answer = ask(txn, url)
    local real = answer and answer.headers and answer.headers["remit-status"]
    if answer == nil or answer.status ~= 200 and not real then
        refuse(txn, 503, '{"error":{"code":"unavailable","message":"Tokens cannot be checked just now"}}', {})
    elseif answer.status ~= 200 then
        refuse(txn, tonumber(real[0]), answer.body or "", answer.headers)
    else
        for _, name in ipairs(IDENTITY) do
            txn.http:req_del_header(name)
            for _, value in pairs(answer.headers[name] or {}) do
                txn.http:req_set_header(name, value)
            end
        end
    end
end, 1)
