#!/bin/sh
# Makes the prompts anew: mono, 8 kHz, 16 bit, speech at -20 dBFS RMS. Needs espeak-ng (Mandarin), sox and python3.
# The results are kept beside this script; run it only to change what is said.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Telephone band, silence cut at both ends, then to one level: the gain is what lies between the file's RMS and the goal.
level() { # in, out, goal in dBFS, more effects...
    in=$1 out=$2 goal=$3
    shift 3
    sox "$in" -r 8000 -c 1 -b 16 "$work/plain.wav" \
        gain -3 highpass 200 lowpass 3400 \
        silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse pad 0.1 0.15
    rms=$(sox "$work/plain.wav" -n stats 2>&1 | awk '/^RMS lev dB/ { print $4 }')
    sox "$work/plain.wav" -b 16 "$out" gain -l "$(awk "BEGIN { print $goal - ($rms) }")" "$@"
}

# The text is written in pinyin: Debian's Mandarin voice reads Chinese characters as pinyin spelt out in English.
say() { # file, pinyin
    espeak-ng -v cmn-latn-pinyin -s 170 -p 45 -w "$work/said.wav" "$2"
    level "$work/said.wav" "$1.wav" -20
}

# 您好，这里是12345政务服务便民热线。
say welcome 'nin2hao3, zhe4li3 shi4 yao1 er4 san1 si4 wu3, zheng4wu4 fu2wu4 bian4min2 re4xian4.'
# 坐席正忙，请稍候。
say waiting 'zuo4xi2 zheng4mang2, qing3 shao1hou4.'
# 坐席线路中断，正在为您重新接通，请不要挂机。
say agent_lost 'zuo4xi2 xian4lu4 zhong1duan4, zheng4zai4 wei4nin2 chong2xin1 jie1tong1, qing3 bu2yao4 gua4ji1.'
# 本次通话将被录音。
say recorded 'ben3ci4 tong1hua4 jiang1bei4 lu4yin1.'
# 您好，这里是12345热线，现对您反映的事项进行回访，请稍候。
say revisit 'nin2hao3, zhe4li3 shi4 yao1 er4 san1 si4 wu3 re4xian4, xian4dui4 nin2 fan3ying4 de5 shi4xiang4 jin4xing2 hui2fang3, qing3 shao1hou4.'
# 您的号码将在其他来电之后接听，请不要挂机，坐席会接听您的来电。
say flagged 'nin2 de5 hao4ma3 jiang1 zai4 qi2ta1 lai2dian4 zhi1hou4 jie1ting1, qing3 bu2yao4 gua4ji1, zuo4xi2 hui4 jie1ting1 nin2 de5 lai2dian4.'
# 回声测试开始，请讲话，您将听到自己的声音。
say echo 'hui2sheng1 ce4shi4 kai1shi3, qing3 jiang3hua4, nin2 jiang1 ting1dao4 zi4ji3 de5 sheng1yin1.'
# 系统繁忙，请稍后再拨。
say busy 'xi4tong3 fan2mang2, qing3 shao1hou4 zai4bo1.'
# 线路无声音，本次通话即将结束。
say no_media 'xian4lu4 wu2 sheng1yin1, ben3ci4 tong1hua4 ji2jiang1 jie2shu4.'

# 您前面还有 N 位, in parts: before, a number or 多 (many), after.
say position_before 'nin2 qian2mian4 hai2you3'
say position_after 'wei4'
say position_many 'duo1'
n=0
for digit in ling2 yi1 liang3 san1 si4 wu3 liu4 qi1 ba1 jiu3 shi2; do
    say "number_$n" "$digit"
    n=$((n + 1))
done

# Exactly two seconds: load tools and scripts count on it.
# 感谢来电，再见。
say closing 'gan3xie4 lai2dian4, zai4jian4.'
sox closing.wav "$work/two.wav" pad 0 2
sox "$work/two.wav" closing.wav trim 0 2.0 fade t 0 2.0 0.05

python3 music.py music.wav

for file in *.wav; do
    sox "$file" -n stats 2>&1 | awk -v file="$file" -v seconds="$(soxi -D "$file")" '
        /^RMS lev dB/ { rms = $4 }
        /^Pk lev dB/ { peak = $4 }
        END { printf "%-22s %6.2f s  rms %s dBFS  peak %s dBFS\n", file, seconds, rms, peak }'
done
