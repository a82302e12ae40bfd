/* What a policy's finish() returned, over samples. */
#include "check.h"
#include "report/policy_columns.h"

static void test_means(void)
{
	const char *const extra[] = { "{\"columns\":{\"cuts\":1,\"word\":\"x\",\"yes\":true}}", NULL, "{\"columns\":{\"cuts\":3,\"yes\":true}}", "{\"log\":\"only\"}",
		"{\"columns\":{\"cuts\":5,\"late\":-2.5}}" };
	struct lh_report_column *c;
	int n;
	CHECK_INT(lh_report_columns((char *const *)extra, 5, &c, &n, NULL), 0);
	CHECK_INT(n, 3);
	CHECK_TEXT(c[0].name.p, "cuts");
	CHECK_INT(c[0].samples, 3);
	CHECK_NEAR(c[0].mean, 3, 0);
	/* 3 ± 4.3027 * 2 / sqrt(3): Student's t for 2 degrees of freedom */
	CHECK_NEAR(c[0].ci.hi - 3, 4.96828, 1e-4);
	CHECK_NEAR(3 - c[0].ci.lo, 4.96828, 1e-4);
	CHECK_TEXT(c[1].name.p, "yes");
	CHECK_NEAR(c[1].mean, 1, 0);
	CHECK(isnan(c[1].ci.lo));
	CHECK_INT(c[2].samples, 1);
	CHECK(isnan(c[2].ci.hi));
	lh_report_columns_free(c, n);
}

static void test_damage_is_told(void)
{
	const char *const extra[] = { "{\"columns\":" };
	struct lh_report_column *c;
	struct lh_error err = { 0 };
	int n;
	CHECK_INT(lh_report_columns((char *const *)extra, 1, &c, &n, &err), LH_E_DAMAGED);
	CHECK_HAS(err.text, "sample 0");
	lh_report_columns_free(c, n);
}

int main(void)
{
	test_means();
	test_damage_is_told();
	return check_done();
}
