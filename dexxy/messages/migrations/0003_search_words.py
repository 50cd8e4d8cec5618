from django.db import migrations

CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0002fa1f"
# Whatever is no letter and no digit in ASCII, and the punctuation of other scripts.
BETWEEN = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u3004\u3008-\u3020"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)

# The words of a text, for what is stored and for what is searched alike. Chinese, Japanese and
# Korean are written without spaces: their words are pairs of characters, and the last character of
# a run by itself, so that one character is found as the beginning of a word. English endings are
# cut off. The parser of to_tsvector would depend on the locale, and keep example.com/path whole.
CREATE = rf"""
CREATE FUNCTION messages_search_words(body text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    -- GitHub's longest text has 65,536 characters.
    plain text := regexp_replace(lower(left(body, 70000)), '[{BETWEEN}]+', ' ', 'g');
    shifted text;
BEGIN
    IF plain ~ '[{CJK}]' THEN
        shifted := regexp_replace(plain, '(^|[^{CJK}])[{CJK}]', '\1 ', 'g');
        plain := regexp_replace(plain, '([{CJK}]{{1,2}})', ' \1 ', 'g')
            || ' ' || regexp_replace(shifted, '([{CJK}]{{1,2}})', ' \1 ', 'g');
    END IF;
    RETURN coalesce((
        SELECT array_agg(coalesce((ts_lexize('english_stem', word))[1], word))
        FROM (SELECT left(piece, 60) FROM unnest(string_to_array(plain, ' ')) piece) AS p(word)
        WHERE word <> ''), '{{}}');
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("messages", "0002_feed_filters_and_search")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION messages_search_words(text)")
    ]
