SELECT 1
;
WITH x AS (SELECT 1 a) SELECT a FROM x
;
SELECT * FROM (VALUES (1,'a'), (2,'b')) AS t(x, y)
;
SELECT 1 UNION ALL SELECT 2
;
SELECT table_name FROM information_schema.tables WHERE table_schema = 'x'
;
SELECT * FROM case_summary WHERE subject LIKE '%update%'
;
SELECT replace(subject, 'a', 'b') FROM case_summary
;
SELECT "create" FROM case_summary
;
SELECT '--' , '/*', 'it''s'
;
SELECT a, count(*) FILTER (WHERE b > 1) FROM t GROUP BY ROLLUP (a), CUBE(b), GROUPING SETS ((a), (a,b), ())
;
SELECT x, n FROM t CROSS JOIN UNNEST(arr) WITH ORDINALITY AS u(x, n)
;
SELECT x FROM t, UNNEST(split(a, ','), m) AS u(x, y, z)
;
SELECT reduce(arr, 0, (s, x) -> s + x, s -> s), filter(arr, e -> e > 1), any_match(a, e -> e IS NULL) FROM t
;
SELECT TRY_CAST(x AS integer), CAST(x AS varchar(10)), CAST(j AS MAP(varchar, varchar)), CAST(j AS ARRAY(bigint)), CAST(r AS ROW(a bigint, b varchar)), CAST(x AS timestamp(3) with time zone), CAST(x AS decimal(10,2)), CAST(x as double) FROM t
;
SELECT date '2020-01-01', timestamp '2020-01-01 00:00:00 UTC', interval '1' day, interval '2-1' year to month, current_date - interval '30' day
;
SELECT extract(day FROM x), x AT TIME ZONE 'UTC', date_add('day', -30, current_date), date_trunc('month', x), current_timestamp, localtime FROM t
;
SELECT ARRAY[1,2][1], m['a'], r.a.b, ROW(1,2), MAP(ARRAY['a'], ARRAY[1]) FROM t
;
SELECT listagg(x, ',') WITHIN GROUP (ORDER BY x), array_agg(x ORDER BY y DESC), approx_percentile(x, 0.5) FROM t
;
SELECT IF(a, b, c), CASE WHEN a THEN b ELSE c END, CASE a WHEN 1 THEN 2 END, COALESCE(a, b), NULLIF(a, b), TRY(a/b) FROM t
;
SELECT row_number() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), lag(a, 1) IGNORE NULLS OVER w, first_value(a) OVER (ORDER BY b RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW) FROM t WINDOW w AS (PARTITION BY a)
;
SELECT * FROM t TABLESAMPLE BERNOULLI (10)
;
SELECT * FROM a NATURAL JOIN b
;
SELECT * FROM a LEFT JOIN b USING (id) FULL OUTER JOIN c ON a.x = c.x CROSS JOIN LATERAL (SELECT 1) d
;
SELECT DISTINCT a FROM t ORDER BY a OFFSET 5 ROWS LIMIT 10
;
SELECT a FROM t LIMIT ALL
;
SELECT a FROM t LIMIT 5
;
SELECT a FROM t LIMIT 5000
;
SELECT a FROM t OFFSET 2 FETCH FIRST 5 ROWS ONLY
;
SELECT a FROM t FETCH FIRST 5 ROWS WITH TIES
;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT sum(n) FROM t
;
SELECT a INTERSECT SELECT b EXCEPT SELECT c
;
SELECT json_extract_scalar(x, '$.a'), x || 'b', -a, +a, a % 2, a <> b, a != b, NOT a FROM t
;
SELECT count(DISTINCT a), sum(a), avg(a), count(*) FROM "case_insights_my-id".case_summary
;
SELECT * FROM awsdatacatalog.db.t
;
SELECT position('a' IN b), trim(BOTH 'x' FROM y), substring(x FROM 1 FOR 2), normalize(x, NFC), trim(x), ceiling(x), overlay FROM t
;
SELECT a.* , b.c AS "d e" FROM a AS a (x, y)
;
SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY a ORDER BY b MEASURES A.x AS y ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+ C*) DEFINE B AS B.x > A.x) AS m
;
SELECT a FROM t GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 ASC NULLS FIRST
;
SELECT a AS order_count, date FROM t
;
SELECT year, month, day, "date", value, type, key, name, status, level FROM t
;
SELECT regexp_like(a, '\d+'), regexp_extract(a, '(\w+)', 1), format('%s', a), concat_ws(',', a), json_parse('{}') FROM t
;
SELECT * FROM (a CROSS JOIN b)
;
SELECT (SELECT max(x) FROM t), (1, 2), (a, b) = (1, 2), (a,b) IN ((1,2)) FROM t
;
SELECT "$path" FROM case_summary
;
SELECT a FROM t WHERE a IN (SELECT b FROM u WHERE EXISTS (SELECT 1 FROM v))
;
SELECT grouping(a), try(1/0), max_by(a, b), histogram(x), approx_distinct(y), min(a, 3) FROM t GROUP BY a
;
SELECT transform_values(m, (k, v) -> v + 1), zip_with(a, b, (x, y) -> (x, y)), map_agg(a,b), from_unixtime(1), date_diff('day', a, b), day_of_week(a), day(a), a[1].b FROM t
;
SELECT cast(null as varchar) x, at_timezone(a, 'UTC'), with_timezone(a, 'UTC'), current_user, element_at(a, 1)
;
SELECT sum(x) OVER (ORDER BY y GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING), ntile(4) OVER (ORDER BY x) FROM t
;
SELECT a > ALL (SELECT 1), a = ANY (SELECT b FROM u), a LIKE 'x\_' ESCAPE '\' FROM t
;
SELECT * FROM case_summary WHERE from_iso8601_timestamp(timecreated) >= current_timestamp - INTERVAL '30' DAY
;
SELECT rca_category, count(*) AS n, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS share FROM case_summary GROUP BY 1 ORDER BY n DESC
