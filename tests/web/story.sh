# story.sh - what the pages of the tests show: four offices, and documents of
# each status.  Source tests/scenario/lib.sh first, and start the daemon.

story="mofa mofa-minister iom-vientiane iom-chief-of-mission iom-bangkok iom-geneva"
cooperation=agreement/lao-iom-cooperation-2021

# OFFICE DOCUMENT NAME NOTE [OPTION…]: a deposit of work/NAME.{lo,en}.txt
put() {
	office=$1 document=$2 name=$3 note=$4; shift 4
	at "$office" push "$document" --text "lo=work/$name.lo.txt" --text "en=work/$name.en.txt" --note "$note" "$@"
}

tell_story() {
	cp "$top"/docs/example/*.txt "$top"/docs/example/*.pdf work/
	enrol "$dir" $story || return
	# One agreement by two parties, read by others.
	at mofa push $cooperation --text lo=work/agreement.lo.pdf --annex work/agreement.lo.txt \
		--text en=work/agreement.en.pdf --annex work/agreement.en.txt \
		--title "en=Cooperation Agreement" --title "lo=ສັນຍາການຮ່ວມມື" --note "First draft" &&
	at iom-vientiane fetch $cooperation -o work/v1.asice &&
	at iom-vientiane push $cooperation --text lo=work/agreement-2.lo.pdf --annex work/agreement-2.lo.txt \
		--text en=work/agreement-2.en.pdf --annex work/agreement-2.en.txt \
		--title "en=Cooperation Agreement" --title "lo=ສັນຍາການຮ່ວມມື" --note "Article 4: twice a year" &&
	at mofa-minister sign $cooperation --yes && at iom-chief-of-mission sign $cooperation --yes &&
	at iom-geneva fetch $cooperation -o work/geneva.asice || return
	# One of texts, in force, and superseded by the next; then a draft of a third.
	put mofa agreement/technical-exchange agreement "First draft" --title "en=Technical Exchange" --title "lo=ການແລກປ່ຽນວິຊາການ" &&
	at mofa-minister sign agreement/technical-exchange --yes && at iom-chief-of-mission sign agreement/technical-exchange --yes &&
	put mofa agreement/technical-exchange agreement-2 "Article 4" --title "en=Technical Exchange" --title "lo=ການແລກປ່ຽນວິຊາການ" &&
	at mofa-minister sign agreement/technical-exchange --yes && at iom-chief-of-mission sign agreement/technical-exchange --yes &&
	put mofa agreement/technical-exchange agreement "Back to three" --title "en=Technical Exchange" --title "lo=ການແລກປ່ຽນວິຊາການ" || return
	# One that waits for the minister, one terminated, a note, a protocol.
	put iom-vientiane mou/training agreement "For signature" --title "en=Training of Border Officers" --title "lo=ການຝຶກອົບຮົມ" &&
	at iom-chief-of-mission sign mou/training --yes &&
	put mofa mou/ended agreement "Short" --title "en=Office Space" &&
	at mofa-minister sign mou/ended --yes && at iom-chief-of-mission sign mou/ended --yes &&
	at mofa-minister terminate mou/ended --reason "by agreement" --yes && at iom-chief-of-mission terminate mou/ended --reason "by agreement" --yes &&
	at mofa push note-verbale/visit-2026 --text en=work/protocol.en.txt --title "en=Visit of 2026" &&
	at iom-vientiane push health-protocol/tuberculosis-screening --text en=work/protocol.en.pdf --title "en=Tuberculosis screening" || return
	# Markdown, article by article, in two languages.
	cat >work/rules.en.md <<-'TEXT'
	# Rules of procedure

	## Article 1

	The *Joint Committee* meets **twice a year**.

	## Article 2

	- Minutes are kept in Lao and English.
	- They are [published](https://example.org/minutes).
	TEXT
	cat >work/rules.lo.md <<-'TEXT'
	# ລະບຽບການ

	## ມາດຕາ 1

	ຄະນະກຳມະການຮ່ວມປະຊຸມ **ສອງຄັ້ງຕໍ່ປີ**.

	## ມາດຕາ 2

	- ບົດບັນທຶກເປັນພາສາລາວ ແລະ ພາສາອັງກິດ.
	TEXT
	at mofa push agreement/rules-of-procedure --text lo=work/rules.lo.md --text en=work/rules.en.md \
		--title "en=Rules of Procedure" --title "lo=ລະບຽບການ" --title "fr=Règlement intérieur" --title "th=ระเบียบการ" || return
	put mofa agreement/terms agreement "Draft" --title "en=Terms" || return
	reload
}
